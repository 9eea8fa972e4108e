//! Finding a zone by what a rider types. Knows no page, so that it is tested without one.

import type { Zone } from "curbside/slim";

/** Words that people write out and the TLC's zone table does not, or the other way round. */
const SAME_WORD: ReadonlyMap<string, string> = new Map([
  ["square", "sq"],
  ["theater", "theatre"],
  ["centre", "center"],
  ["st", "saint"],
  ["ft", "fort"],
  ["mt", "mount"],
  ["hts", "heights"],
  ["newark", "ewr"],
  ["lga", "laguardia"],
]);

/** A zone with what it is found by, made once. */
interface Entry {
  readonly zone: Zone;
  readonly name: string;
  readonly nameWords: readonly string[];
  readonly otherWords: readonly string[];
  readonly squeezed: string;
}

/** How well a zone answers a query: the smaller the better; `null` where it does not. */
type Rank = number | null;

/** All zones, ready to be searched. */
export class ZoneIndex {
  readonly #entries: readonly Entry[];

  /** Takes the bundle's zones in any order; they are listed by name, those without a place last. */
  constructor(zones: readonly Zone[]) {
    const placeless = ({ zone }: Entry) => Number(!hasPlace(zone));
    this.#entries = zones
      .map(entry)
      .sort((a, b) => placeless(a) - placeless(b) || a.name.localeCompare(b.name, "en") || a.zone.id - b.zone.id);
  }

  /** The zone with this TLC id. */
  withId(id: number): Zone | null {
    return this.#entries.find(({ zone }) => zone.id === id)?.zone ?? null;
  }

  /**
   * Zones that answer the query, best first: every word of it must begin a word of the name, the borough, or be the
   * id. An empty query is answered by all zones.
   */
  search(query: string): Zone[] {
    const words = wordsOf(query);
    const squeezed = words.join("");
    const found: { zone: Zone; rank: number }[] = [];
    for (const candidate of this.#entries) {
      const rank = rankOf(candidate, words, squeezed);
      if (rank !== null) {
        found.push({ zone: candidate.zone, rank });
      }
    }
    // The sort is stable: within a rank, the order by name stays.
    return found.sort((a, b) => a.rank - b.rank).map(({ zone }) => zone);
  }

  /** The one zone that a text means without doubt: the only one of that name, or the only one that the search finds. */
  only(text: string): Zone | null {
    const squeezed = wordsOf(text).join("");
    if (squeezed === "") {
      return null;
    }
    const named = this.#entries.filter((candidate) => candidate.squeezed === squeezed);
    const meant = named.length > 0 ? named.map(({ zone }) => zone) : this.search(text);
    return meant.length === 1 ? (meant[0] ?? null) : null;
  }
}

/** What the TLC's table says where it has nothing to say. */
const NOT_APPLICABLE = "N/A";

/** A zone's name, for people: the TLC calls zone 264 "N/A", in the borough "Unknown". */
export function zoneName({ name, borough }: Zone): string {
  return name === NOT_APPLICABLE ? borough : name;
}

/** What stands beside a zone's name: its borough, its id, and a word where it has no place on the map. */
export function zoneDetail(zone: Zone): string {
  const borough = [NOT_APPLICABLE, zoneName(zone)].includes(zone.borough) ? [] : [zone.borough];
  return [...borough, `zone ${zone.id}`, ...(hasPlace(zone) ? [] : ["no place on the map"])].join(" · ");
}

/** Whether a zone has a centre: 264, "Unknown", and 265, "Outside of NYC", have none. */
export function hasPlace({ latitude, longitude }: Zone): boolean {
  return latitude !== null && longitude !== null;
}

function entry(zone: Zone): Entry {
  const name = zoneName(zone);
  const nameWords = wordsOf(name);
  const otherWords = [...wordsOf(zone.borough), String(zone.id), ...(zone.airport ? ["airport"] : [])];
  return { zone, name, nameWords, otherWords, squeezed: nameWords.join("") };
}

function rankOf(candidate: Entry, words: readonly string[], squeezed: string): Rank {
  if (words.length === 0 || candidate.squeezed === squeezed) {
    return 0;
  }
  if (candidate.squeezed.startsWith(squeezed)) {
    return 1;
  }
  const begins = (known: readonly string[]) => (word: string) => known.some((one) => one.startsWith(word));
  if (words.every(begins(candidate.nameWords))) {
    return 2;
  }
  if (words.every(begins([...candidate.nameWords, ...candidate.otherWords]))) {
    return 3;
  }
  // "la guardia" and "co op": the name itself is divided otherwise. Short fragments would be found everywhere.
  return squeezed.length >= 4 && candidate.squeezed.includes(squeezed) ? 4 : null;
}

/** Lower case, without accents and punctuation, each word in the one spelling that is compared. */
function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").replace(/['’]/g, "").toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => SAME_WORD.get(word) ?? word);
}
