// A list of studies to look at again, of which only a part is here: what an answer
// and an event do to what is held. No browser in it.
import type { AgainEntry, AgainList, AgainPage, StudyRow } from "../api";

/** The entries that are held, by index. They never move: a list is as it was when it
 * was published. */
export class Entries {
  /** The list; null before anything of it is here. */
  list: AgainList | null = null;
  private readonly byIndex = new Map<number, AgainEntry>();
  private readonly indexes = new Map<string, number>();

  get total(): number { return this.list?.entries ?? 0; }

  at(index: number): AgainEntry | undefined { return this.byIndex.get(index); }

  indexOf(uid: string): number | undefined { return this.indexes.get(uid); }

  /** Puts a page in its place. It says whether what is held is of another list, that
   * was published before or after: then all must be asked for again. */
  put(page: AgainPage): boolean {
    const torn = this.list !== null && this.list.publishedAt !== page.list.publishedAt;
    this.list = page.list;
    page.entries.forEach((entry, i) => {
      this.byIndex.set(page.offset + i, entry);
      this.indexes.set(entry.studyUid, page.offset + i);
    });
    return torn;
  }

  /** Takes a study as the worklist has it now, undefined where it does not have it any
   * more. It says whether it is in the list. */
  take(uid: string, study: StudyRow | undefined): boolean {
    const index = this.indexes.get(uid);
    if (index === undefined) return false;
    const { study: _, ...rest } = this.byIndex.get(index)!;
    this.byIndex.set(index, study ? { ...rest, study } : rest);
    return true;
  }
}

/** Whether a study is signed off, and that since the list was published: a signature
 * of before was given without knowing what the list says. */
export function signedOff(study: StudyRow, list: AgainList): "since" | "before" | null {
  if (study.review.state !== "signed") return null;
  return study.review.at && Date.parse(study.review.at) >= Date.parse(list.publishedAt) ? "since" : "before";
}
