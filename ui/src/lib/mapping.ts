/**
 * The mapping step: which column of a table is which field. The server guesses;
 * a person confirms. These functions keep a choice whole: a field is given by
 * one column at most, and what is required must be given.
 */
export interface Column {
  header: string;
  field: string;
  match: string;
  sample: string[];
}

export interface Field {
  name: string;
  doc: string;
  required: boolean;
}

/** Choice says for each header which field it is; "" leaves the column out, and is sent: the server guesses at what is not named. */
export type Choice = Record<string, string>;

export function startChoice(columns: Column[]): Choice {
  return Object.fromEntries(columns.map((column) => [column.header, column.field]));
}

/** choose sets the field of a column, and takes the field from any other column. */
export function choose(choice: Choice, header: string, field: string): Choice {
  const next: Choice = {};
  for (const [other, had] of Object.entries(choice)) {
    next[other] = other === header ? field : field !== "" && had === field ? "" : had;
  }
  return next;
}

/**
 * missingFields lists the fields one of which must be given, where none is: an
 * employee number does as well as a mail address. The server says the rest.
 */
export function missingFields(choice: Choice, fields: Field[]): Field[] {
  const given = new Set(Object.values(choice));
  const required = fields.filter((field) => field.required);
  return required.some((field) => given.has(field.name)) ? [] : required;
}

/** changed tells whether a choice differs from what the server read. */
export function changed(choice: Choice, columns: Column[]): boolean {
  return columns.some((column) => choice[column.header] !== column.field);
}

const matchWords: Record<string, string> = {
  exact: "Same name",
  alias: "Known name",
  guess: "Guessed: please check",
  chosen: "You chose it",
  none: "Not recognized",
};

export function matchWord(match: string): string {
  return matchWords[match] ?? match;
}
