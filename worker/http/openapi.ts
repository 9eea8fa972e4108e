// GET /openapi.json: what every path takes and answers, for programs.

import { type Answer, JSON_TYPE } from "./answer.ts";
import { openApi } from "./openapi/document.ts";
import { OPEN, READING, type Route } from "./route.ts";

export const description: Route = {
  ...OPEN,
  label: "/openapi.json",
  methods: READING,
  audience: "public",
  async answer(): Promise<Answer> {
    return { status: 200, contentType: JSON_TYPE, body: openApi(), headers: { "cache-control": "no-cache" } };
  },
};
