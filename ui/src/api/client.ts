import createClient from "openapi-fetch";
import { sentence } from "@/lib/words";
import type { paths } from "./schema";
import type { Problem } from "./types";

const prefix = "/api/v1";

/** api speaks to the server in the words of its own description. */
export const api = createClient<paths>({ baseUrl: prefix });

/** ProblemError is an answer that says what went wrong and what to do. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }

  get detail() {
    return sentence(this.problem.detail);
  }

  get hint() {
    return this.problem.hint ? sentence(this.problem.hint) : undefined;
  }

  get status() {
    return this.problem.status;
  }
}

/** problemOf reads any failure as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) {
    return { ...error.problem, detail: error.detail, ...(error.hint ? { hint: error.hint } : {}) };
  }
  return {
    type: "urn:asepsis:problem:unreachable",
    title: "No answer",
    status: 0,
    detail: "The server did not answer.",
    hint: "Check that Asepsis is running and that this computer reaches it, then try again.",
  };
}

/** read waits for an answer and throws what went wrong as a ProblemError. */
export async function read<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ProblemError(problemOf(error));
  }
  if (answer.error !== undefined || !answer.response.ok) {
    const told = answer.error as Partial<Problem> | undefined;
    throw new ProblemError(
      told?.detail
        ? (told as Problem)
        : {
            type: "urn:asepsis:problem:internal",
            title: "Something went wrong",
            status: answer.response.status,
            detail: "The server could not answer.",
          },
    );
  }
  return answer.data as T;
}

/** Addresses that the browser follows by itself. */
export function templateURL(name: string): string {
  return `${prefix}/imports/templates/${encodeURIComponent(name)}`;
}

export function reportURL(format: "html" | "csv" | "json", assessment: string, download = false): string {
  const path = format === "html" ? "/report" : `/report.${format}`;
  const query = new URLSearchParams({ assessment, ...(download ? { download: "true" } : {}) });
  return `${prefix}${path}?${query}`;
}

export const eventsURL = `${prefix}/events`;

export type { Problem };
