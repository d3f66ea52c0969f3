/** Short names for what the API describes. Nothing is defined here that is not generated. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Attribute = Schemas["Attribute"];
export type AuditEvent = Schemas["AuditEvent"];
export type Change = Schemas["Change"];
export type Changes = Schemas["Changes"];
export type CheckRow = Schemas["CheckRow"];
export type ColumnMapping = Schemas["ColumnMapping"];
export type DiffRow = Schemas["DiffRow"];
export type Event = Schemas["Event"];
export type Facet = Schemas["Facet"];
export type Gap = Schemas["Gap"];
export type GoalTile = Schemas["GoalTile"];
export type Hospital = Schemas["Hospital"];
export type ImportOptions = Schemas["ImportOptions"];
export type ImportOutcome = Schemas["ImportOutcome"];
export type ImportSummary = Schemas["ImportSummary"];
export type Job = Schemas["Job"];
export type Mapping = Schemas["Mapping"];
export type NextStep = Schemas["NextStep"];
export type Observed = Schemas["Observed"];
export type OrganizationInput = Schemas["OrganizationInput"];
export type Parameter = Schemas["Parameter"];
export type Problem = Schemas["Problem"];
export type Reason = Schemas["Reason"];
export type ResourceRow = Schemas["ResourceRow"];
export type ResultOfCheck = Schemas["ResultOfCheck"];
export type ResultRow = Schemas["ResultRow"];
export type RowFault = Schemas["RowFault"];
export type SearchHit = Schemas["SearchHit"];
export type SessionState = Schemas["SessionState"];
export type Source = Schemas["Source"];
export type Token = Schemas["Token"];
export type User = Schemas["User"];
