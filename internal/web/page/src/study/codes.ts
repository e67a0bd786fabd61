// Codes that a reader chooses from, in the order in which they are offered.

export const verdicts = ["agree", "disagree", "unsure"] as const;
export type Verdict = (typeof verdicts)[number];

export const causes = [
  "vessel", "scar", "lymph_node", "atelectasis", "mucus", "pleura", "bone", "artefact", "infection", "other",
] as const;
export type Cause = (typeof causes)[number];

export const kinds = ["solid", "part_solid", "ground_glass", "calcified"] as const;

/** Lung-RADS categories. */
export const categories = ["0", "1", "2", "3", "4A", "4B", "4X"] as const;
