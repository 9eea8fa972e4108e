//! What the page says, in a rider's words: numbers, times, warnings, and what is wrong with a field.

import type { Contribution, Explanation, Target } from "curbside/slim";

/** The fields of the form, by the names their elements and the page's address use. */
export type FieldName = "pu" | "do" | "distance" | "at";

/** Labels as messages name them. */
export const LABELS: Readonly<Record<FieldName, string>> = { pu: "Pickup", do: "Drop-off", distance: "Distance", at: "Departure" };

/** The module's field names, and where the page has those fields. */
const FIELDS: Readonly<Record<string, FieldName>> = {
  PULocationID: "pu",
  DOLocationID: "do",
  trip_distance: "distance",
  pickup_datetime: "at",
};

/** The form's field for a field of the wire, if the page has one. */
export function fieldOf(wire: string | null): FieldName | null {
  return wire === null ? null : (FIELDS[wire] ?? null);
}

/** "14 minutes", "1 hour 5 minutes"; for a target in another unit, the number and its unit. */
export function inWords(value: number, unit: string): string {
  return unit === "minutes" ? minutesInWords(Math.max(1, Math.round(value))) : `${value.toFixed(2)} ${unit}`;
}

/**
 * "11 to 19 minutes", "50 minutes to 1 hour 10 minutes". Rounded outward, so that no ride that falls in the interval falls
 * out of its words; "or more" where the model knows no larger number.
 */
export function rangeInWords(low: number, high: number, { unit, high: most }: Pick<Target, "unit" | "high">): string {
  const more = high < most ? "" : " or more";
  if (unit !== "minutes") {
    return `${(Math.floor(low * 100) / 100).toFixed(2)} to ${(Math.ceil(high * 100) / 100).toFixed(2)} ${unit}${more}`;
  }
  const [from, to] = [Math.floor(low), Math.ceil(high)];
  return `${to <= 60 ? `${from} to ${counted(to, "minute")}` : `${minutesInWords(from)} to ${minutesInWords(to)}`}${more}`;
}

/** "An average ride takes 14.2 minutes. What you told moves that:", and what a model in another space says in its place. */
export function whyInWords({ space, unit, base_value: average, clipped }: Explanation): string {
  const moved = clipped ? " The estimate is then moved into the range that the model was made for." : "";
  return space === "target"
    ? `An average ride takes ${average.toFixed(1)} ${unit}. This is what makes yours longer or shorter:${moved}`
    : `An average ride has ${average.toFixed(2)} ${unit}, from which the model computes its time. This is what adds to it:${moved}`;
}

/** "+3.1 minutes: distance", "−1.2 minutes: time of day". */
export function contributionInWords({ words, amount }: Contribution, unit: string): string {
  const shown = Math.abs(amount).toFixed(unit === "minutes" ? 1 : 2);
  // A minus sign and no hyphen: screen readers say it.
  return `${amount < 0 ? "\u2212" : "+"}${shown} ${unit}: ${words}`;
}

/** "Less than 0.1 minutes each: holiday, day of the week". */
export function littleInWords(contributions: readonly Contribution[], unit: string): string {
  return `Less than ${unit === "minutes" ? "0.1" : "0.01"} ${unit} each: ${contributions.map(({ words }) => words).join("; ")}`;
}

/** Whether a contribution would be told as nothing. */
export function isLittle({ amount }: Contribution, unit: string): boolean {
  return Math.abs(amount) < (unit === "minutes" ? 0.05 : 0.005);
}

/** "4 of 5 rides" for 0.8, "9 of 10 rides" for 0.9, "95 % of rides" for 0.95. */
export function shareInWords(share: number): string {
  for (const whole of [5, 10]) {
    const part = Math.round(share * whole);
    if (part > 0 && part < whole && Math.abs(part / whole - share) < 1e-9) {
      return `${part} of ${whole} rides`;
    }
  }
  return `${percent(share)} of rides`;
}

/** "76.8 %", "80 %": one digit after the point where there is one, and no line break before the sign. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}\u{a0}%`;
}

function minutesInWords(count: number): string {
  const [hours, minutes] = [Math.floor(count / 60), count % 60];
  const parts = [hours > 0 ? counted(hours, "hour") : "", minutes > 0 || hours === 0 ? counted(minutes, "minute") : ""];
  return parts.filter((part) => part !== "").join(" ");
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

/** "4.2 miles"; two digits below one mile. */
export function milesInWords(miles: number): string {
  const shown = roundMiles(miles);
  return `${shown} ${Number(shown) === 1 ? "mile" : "miles"}`;
}

/** Where an estimated distance comes from; `isMeasured` where both zones have a place on the map. */
export function distanceOrigin(isMeasured: boolean): string {
  return isMeasured ? "estimated from the two zones" : "a usual one, since a zone has no place on the map";
}

/** A distance as the form shows it. */
export function roundMiles(miles: number): string {
  return miles.toFixed(miles < 1 ? 2 : 1);
}

/** "Sun, Nov 22, 2026, 12:21 PM" of a wall time `YYYY-MM-DDTHH:MM`. */
export function wallTimeInWords(wall: string): string {
  // Read and written as UTC: the wall time is New York's already and must not be moved.
  return new Intl.DateTimeFormat("en-US", {
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZone: "UTC",
  }).format(new Date(`${wall.slice(0, 16)}Z`));
}

/** New York's wall time now, `YYYY-MM-DDTHH:MM`, for the field; the estimate takes its own. */
export function newYorkNow(now: Date): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: "America/New_York",
  }).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

const WARNINGS: Readonly<Record<string, string>> = {
  UNSEEN_ZONE_PAIR:
    "The model has never seen a ride between these two zones. The estimate comes from their surroundings; take it as a rough one.",
  TRIP_DISTANCE_IGNORED: "A distance of 0 or above 50 miles is taken as not measured. The estimated distance was used instead.",
  ZONE_WITHOUT_PLACE: "One of these zones has no place on the map, so its distance is not known. The estimate is a rough one.",
  DURATION_CLIPPED: "This ride lies outside what the model was trained for. The estimate is the nearest it can say.",
};

/** A warning for a rider; one that this page does not know yet, in the module's own words. */
export function warningInWords({ code, message }: { code: string; message: string }): string {
  return WARNINGS[code] ?? message;
}

/** What is wrong with a field, naming it, what it takes, what was found, and what to do. */
export function faultInWords(field: FieldName, found: string): string {
  const shown = found === "" ? "nothing" : `“${found.length > 40 ? `${found.slice(0, 40)}…` : found}”`;
  switch (field) {
    case "pu":
    case "do":
      return found === "" ? `${LABELS[field]}: choose a zone.` : `${LABELS[field]}: ${shown} is not one zone. Choose one from the list.`;
    case "distance":
      return `Distance: expected miles from 0 to 100, such as 3.6; found ${shown}. Clear the field to use the estimate.`;
    case "at":
      return `Departure: expected New York’s date and time, in full, in the years 2007 to 2099; found ${shown}.`;
  }
}
