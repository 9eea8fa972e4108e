//! The city as dots, one for each zone's centre, with the ride drawn in: orientation for the eye, and nothing else.

import type { Zone } from "curbside/slim";

const SVG = "http://www.w3.org/2000/svg";
/** Width of the drawing, in its own units. */
const WIDTH = 320;
/** Room around the dots for the two larger ones. */
const MARGIN = 10;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a ride begins and ends, as far as that is chosen. */
export interface Ends {
  readonly pickup: Zone | null;
  readonly dropoff: Zone | null;
}

/** Draws the zones once and then one ride after another. Zones without a centre are not on it. */
export class ZoneMap {
  readonly #points = new Map<number, Point>();
  readonly #ride = document.createElementNS(SVG, "g");

  /** Draws the zones into `svg`, in place of what was there: north up, scaled alike in both directions. */
  constructor(svg: SVGSVGElement, zones: readonly Zone[]) {
    svg.replaceChildren();
    const placed = zones.flatMap(({ id, latitude, longitude }) =>
      latitude === null || longitude === null ? [] : [{ id, latitude, longitude }],
    );
    if (placed.length === 0) {
      return;
    }
    const latitudes = placed.map(({ latitude }) => latitude);
    const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
    // A degree of longitude is shorter than one of latitude by this much; one factor will do for one city.
    const narrowing = Math.cos((((south + north) / 2) * Math.PI) / 180);
    const eastings = placed.map(({ longitude }) => longitude * narrowing);
    const [west, east] = [Math.min(...eastings), Math.max(...eastings)];
    // The city is wider than it is high; a model of a few zones need not be.
    const scale = (WIDTH - 2 * MARGIN) / Math.max(east - west, north - south, 1e-9);
    const left = (WIDTH - (east - west) * scale) / 2;
    const height = (north - south) * scale + 2 * MARGIN;
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${height.toFixed(1)}`);
    for (const { id, latitude, longitude } of placed) {
      const point = { x: (longitude * narrowing - west) * scale + left, y: (north - latitude) * scale + MARGIN };
      this.#points.set(id, point);
      svg.append(dot(point, 1.7, "zone"));
    }
    svg.append(this.#ride);
  }

  /** Draws the ride between two zones, as far as they are chosen and have a place. */
  draw({ pickup, dropoff }: Ends): void {
    const from = pickup === null ? undefined : this.#points.get(pickup.id);
    const to = dropoff === null ? undefined : this.#points.get(dropoff.id);
    const parts: SVGElement[] = [];
    if (from !== undefined && to !== undefined && from !== to) {
      parts.push(line(from, to));
    }
    if (from !== undefined) {
      parts.push(dot(from, 5, "pickup"));
    }
    if (to !== undefined) {
      parts.push(dot(to, 5, "dropoff"));
    }
    this.#ride.replaceChildren(...parts);
  }
}

function dot({ x, y }: Point, radius: number, className: string): SVGElement {
  return shape("circle", { cx: x, cy: y, r: radius }, className);
}

function line(from: Point, to: Point): SVGElement {
  return shape("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y }, "way");
}

function shape(name: string, numbers: Readonly<Record<string, number>>, className: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(numbers)) {
    made.setAttribute(attribute, value.toFixed(1));
  }
  made.setAttribute("class", className);
  return made;
}
