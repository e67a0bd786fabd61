// Made of internal/web/api by its test; its comments are there.

export interface ModelName {
  name: string;
  version: string;
  sha256: string;
}

export interface About {
  version: string;
  models: AboutModel[];
}

export interface AboutModel {
  model: ModelName;
  live: boolean;
  accuracy: Figure[];
  limits: CodeText[];
}

export interface Figure {
  set: string;
  point: string;
  what: string;
  hit: number;
  of: number;
  value: number;
}

export interface AgainLists {
  lists: AgainList[];
}

export interface AgainList {
  rescoring: number;
  name: string;
  model: string;
  modelVersion: string;
  baseline: string;
  publishedAt: string;
  studiesDone: number;
  studies: number;
  whole: boolean;
  entries: number;
}

export interface AgainPage {
  list: AgainList;
  offset: number;
  entries: AgainEntry[];
  cursor: string;
}

export interface AgainEntry {
  place: number;
  studyUid: string;
  studyDate: string;
  kinds: string[];
  before?: AgainSaid;
  after?: AgainSaid;
  reason?: CodeText;
  study?: StudyRow;
}

export interface AgainSaid {
  score: number;
  priority: string;
  lungRads: string;
}

export interface Problem {
  code: string;
  detail: string;
  retryAfterSeconds?: number;
  review?: Review;
}

export interface GuidelineText {
  guideline: string;
  category: string;
  text: string;
  answer: string;
  questions?: string;
  basis: string[];
  reservations: string[];
  rule?: string;
}

export interface FindingView {
  rank: number;
  score: number;
  flagged: boolean;
  centerLpsMm: [number, number, number];
  side: string;
  lobe: string;
  zone: string;
  pleuraMm?: number;
  juxtapleural: boolean;
  perifissural: boolean;
  diameterMm: number;
  diameterBy: string;
  measured?: Measurement;
  image: ImagePlace;
  change?: Change;
  guidelines: GuidelineText[];
  brock: string;
  brockText?: GuidelineText;
  reasons: string[];
  thumbnailUrl: string;
}

export interface Measurement {
  reliable: boolean;
  doubt: string;
  volumeMm3: number;
  volumeErrorPct: number;
  meanDiameterMm: number;
  longAxis: Axis;
  shortAxis: Axis;
  kind: string;
  kindConfidence: number;
  solidDiameterMm: number;
  solidVolumeMm3: number;
  meanHu: number;
  minHu: number;
  maxHu: number;
}

export interface Axis {
  lengthMm: number;
  fromLpsMm: [number, number, number];
  toLpsMm: [number, number, number];
}

export interface ImagePlace {
  sopInstanceUid: string;
  slice: number;
  frame: number;
  column: number;
  row: number;
}

export interface Earlier {
  studyUid: string;
  seriesUid: string;
  studyDate: string;
  days: number;
  notDone?: Refusal;
  notComparable: string[];
  text: string;
  findings: EarlierFinding[];
}

export interface EarlierFinding {
  finding: FindingView;
  state: string;
  currentRank: number;
  inCurrent: ImagePlace;
  inCurrentLpsMm: [number, number, number];
}

export interface Change {
  state: string;
  earlierRank: number;
  inEarlier: ImagePlace;
  inEarlierLpsMm: [number, number, number];
  earlierDiameterMm: number;
  diameterChangeMm?: number;
  diameterErrorMm?: number;
  growth?: Growth;
  noGrowth: string[];
}

export interface Growth {
  volumePct: number;
  volumePctLow: number;
  volumePctHigh: number;
  doublingDays?: number;
  doublingDaysShort?: number;
  doublingDaysLong?: number;
  trend: string;
}

export interface Outlines {
  findings: FindingOutline[];
}

export interface FindingOutline {
  seriesUid: string;
  resultKey: string;
  rank: number;
  slices: SliceOutline[];
}

export interface SliceOutline {
  sopInstanceUid: string;
  frame: number;
  polygons: [number, number, number][][];
}

export interface Quality {
  from: string;
  to: string;
  signed: number;
  done: number;
  all: Stratum;
  scanners: Stratum[];
  kernels: Stratum[];
  thickness: Stratum[];
  models: Stratum[];
  causes: CauseCount[];
}

export interface Stratum {
  name: string;
  scans: number;
  marks: number;
  accepted: number;
  rejected: number;
  unsure: number;
  unanswered: number;
  added: number;
  acceptedPerScan: Interval;
  rejectedPerScan: Interval;
  acceptedShare: Interval;
  foundShare: Interval;
}

export interface Interval {
  known: boolean;
  value: number;
  low: number;
  high: number;
}

export interface CauseCount {
  cause: string;
  count: number;
}

export interface StudyEvent {
  review?: Review;
  open: string[];
  shows: string;
}

export interface Review {
  version: number;
  answers: FindingAnswer[];
  added: Mark[];
  signed?: Signature;
  outdated: boolean;
  history: Entry[];
  canUndo: number;
}

export interface FindingAnswer {
  seriesUid: string;
  resultKey: string;
  rank: number;
  answer: Answer;
  by: string;
  at: string;
}

export interface Answer {
  verdict: string;
  cause: string;
  kind: string;
  category: string;
  comment: string;
}

export interface Mark {
  id: string;
  seriesUid: string;
  centerLpsMm: [number, number, number];
  diameterMm: number;
  image: ImagePlace;
  kind: string;
  category: string;
  comment: string;
  by: string;
  at?: string;
}

export interface Signature {
  by: string;
  at: string;
}

export interface Entry {
  number: number;
  at: string;
  by: string;
  kind: string;
  seriesUid: string;
  resultKey?: string;
  rank: number;
  markId: string;
  answer?: Answer;
  mark?: Mark;
  fromAnswer?: Answer;
  fromMark?: Mark;
  undoes: number;
  undone: boolean;
}

export interface ReviewAction {
  id: string;
  seen: number;
  kind: string;
  seriesUid?: string;
  resultKey?: string;
  rank?: number;
  answer?: Answer;
  mark?: Mark;
  markId?: string;
  resultKeys?: string[];
  undoes?: number;
}

export interface SignInMethods {
  open: boolean;
  password: boolean;
  provider: string;
}

export interface SignIn {
  name: string;
  password: string;
}

export interface Me {
  name: string;
  display: string;
  roles: string[];
  open: boolean;
  csrf: string;
  idleSeconds: number;
}

export interface StudyPage {
  study: StudyRow;
  shows: string;
  series: SeriesView[];
  exam: GuidelineText[];
  caveat: string;
  earlier?: Earlier;
  deliveries: Delivery[];
}

export interface Delivery {
  destination: string;
  state: string;
  attempts: number;
  reason: string;
  updatedAt: string;
}

export interface SeriesView {
  uid: string;
  number: string;
  modality: string;
  description: string;
  instances: number;
  notRead?: Refusal;
  missed?: boolean;
  result?: ResultView;
}

export interface ResultView {
  key: string;
  model: ModelName;
  warnings: CodeText[];
  notes: string[];
  scan: ScanView;
  findings: FindingView[];
}

export interface ScanView {
  slices: number;
  rows: number;
  columns: number;
  spacingMm: [number, number, number];
  sliceThicknessMm: number;
  kernel: string;
  manufacturer: string;
}

export interface Worklist {
  total: number;
  offset: number;
  studies: StudyRow[];
  counters: Counters;
  cursor: string;
}

export interface Counters {
  receiving: number;
  waiting: number;
  running: number;
  toReview: number;
  notAssessed: number;
  failed: number;
  signedOff: number;
  urgentToReview: number;
  oldestUrgentAt?: string;
}

export interface StudyRow {
  uid: string;
  state: string;
  priority: string;
  reasons: CodeText[];
  requestPriority: string;
  receivedAt: string;
  updatedAt: string;
  patient: Patient;
  studyDate: string;
  studyTime: string;
  description: string;
  accession: string;
  instances: number;
  quarantined: number;
  missed: number;
  hasResult: boolean;
  findings: number;
  flagged: number;
  thumbnails: Thumbnail[];
  notAssessed?: Refusal;
  progress?: Progress;
  review: ReviewSummary;
  deliveries: DeliveryCounts;
  imagesGone: boolean;
}

export interface Patient {
  name: string;
  id: string;
  birthDate: string;
  sex: string;
}

export interface CodeText {
  code: string;
  text: string;
}

export interface Thumbnail {
  seriesUid: string;
  rank: number;
  url: string;
}

export interface Refusal {
  reason: string;
  text: string;
  found: string;
  remedy: string;
  remedyExact?: string;
}

export interface Progress {
  stage: string;
  done: number;
  total: number;
}

export interface DeliveryCounts {
  waiting: number;
  delivered: number;
  dead: number;
}

export interface ReviewSummary {
  state: string;
  by?: string;
  at?: string;
  answered: number;
  added: number;
  open: string[];
}

export interface Event {
  study?: StudyRow;
  gone?: string;
  progressOf?: string;
  progress?: Progress;
  counters?: Counters;
}
