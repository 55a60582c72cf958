import { NAME_PATTERN } from "../names.ts";

/** Longest list that an input may hold. */
const MAX_LIST = 1_000;
/** Most entries of a page. */
export const MAX_PAGE = 1_000;

/** Nothing, or an object of nothing: what operations take that need no input. */
export const NOTHING = { type: ["object", "null"], additionalProperties: false } as const;

/** Some text. */
export const TEXT = { type: "string" } as const;

/** A list of texts. */
export const TEXTS = { type: "array", items: TEXT } as const;

/** A name of a peer, token or group. */
export const NAME = { type: "string", pattern: NAME_PATTERN } as const;

/** The name of what is meant. */
export const ONE_NAME = {
  type: "object",
  properties: { name: NAME },
  required: ["name"],
  additionalProperties: false,
} as const;

/** A moment, as RFC 3339 writes it. */
export const TIME = { type: "string", format: "date-time" } as const;

/** Scopes in the grammar of docs/security.md. */
export const SCOPES = {
  type: "array",
  items: { type: "string", maxLength: 256 },
  uniqueItems: true,
  maxItems: MAX_LIST,
  description: "Scopes such as git:read:team/site",
} as const;

/** Names of groups. */
export const GROUPS = {
  type: "array",
  items: NAME,
  uniqueItems: true,
  maxItems: MAX_LIST,
  description: "Groups whose scopes it has as well",
} as const;

/** Names of resources by type. */
export const RESOURCES = {
  type: "object",
  additionalProperties: { type: "array", items: { type: "string", maxLength: 255 } },
  maxProperties: MAX_LIST,
  description: "Names of resources by type",
} as const;

/** Which page of a list; the first where nothing is said. */
export const PAGE = {
  type: ["object", "null"],
  properties: {
    after: { type: "string", description: "Begins behind this name" },
    limit: { type: "integer", minimum: 1, maximum: MAX_PAGE, description: "Default: 1000" },
  },
  additionalProperties: false,
} as const;

/** Something that was named was removed. */
export const REMOVED = {
  type: "object",
  properties: { removed: TEXT },
  required: ["removed"],
} as const;

/** How changes fail, beside the codes of the protocol. */
export const CHANGE_ERRORS = {
  NOT_FOUND: { description: "There is none of this name", httpStatus: 404 },
  CONFLICT: {
    description: "The name or a key is taken, or stands in a file that people keep by hand",
    httpStatus: 409,
  },
  FORBIDDEN: {
    description: "It is more than the caller holds itself",
    schema: { type: "object", properties: { beyond: TEXT }, required: ["beyond"] },
    httpStatus: 403,
  },
  INVALID_INPUT: {
    description: "It cannot be kept so",
    schema: {
      type: "object",
      properties: {
        issues: {
          type: "array",
          items: {
            type: "object",
            properties: { path: TEXT, message: TEXT },
            required: ["path", "message"],
          },
        },
      },
      required: ["issues"],
    },
    httpStatus: 400,
  },
} as const;

/** A name of an operation, with a slash in front or without. */
export const NAME_OF_OPERATION = { type: "string", maxLength: 257 } as const;
