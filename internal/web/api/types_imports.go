package api

import "time"

// ImportSummary is one line of the history of imports.
type ImportSummary struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	By         string    `json:"by" doc:"Who brought it"`
	Name       string    `json:"name" doc:"File name"`
	Format     string    `json:"format"`
	Title      string    `json:"title" doc:"The format's name, for people"`
	Size       int64     `json:"size"`
	SHA256     string    `json:"sha256"`
	Stream     string    `json:"stream"`
	ObservedAt time.Time `json:"observed_at" doc:"When the facts were true"`
	Rows       int       `json:"rows"`
	Skipped    int       `json:"skipped"`
	Changes    Changes   `json:"changes"`
}

// Changes counts what an import changed, or would change.
type Changes struct {
	Added     int `json:"added"`
	Updated   int `json:"updated"`
	Removed   int `json:"removed"`
	Unchanged int `json:"unchanged"`
}

// ImportOutcome is what came, or would come, of a file.
type ImportOutcome struct {
	ImportSummary
	DryRun bool `json:"dry_run" doc:"Nothing was stored"`
	// Same says that the very same file was taken before: nothing was changed.
	Same    bool           `json:"same"`
	Faults  []RowFault     `json:"faults" doc:"Rows left out, at most 100"`
	Diff    []DiffRow      `json:"diff" doc:"What changed, at most 200"`
	Mapping *ColumnMapping `json:"mapping,omitempty" doc:"How a table's headers were read"`
	Notes   []Note         `json:"notes"`
	Job     *Job           `json:"job,omitempty" doc:"The assessment that it set off"`
}

// DiffRow is one resource that an import changes.
type DiffRow struct {
	Change string        `json:"change" enum:"added,updated,removed"`
	Kind   string        `json:"kind"`
	Label  string        `json:"label"`
	Values []ValueChange `json:"values" doc:"At most 12"`
}

// ValueChange is one attribute before and after.
type ValueChange struct {
	Name   string `json:"name"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// RowFault is something wrong in a file.
type RowFault struct {
	Line   int    `json:"line" doc:"1 is the first; 0 where the format has no lines"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Mend   string `json:"mend,omitempty" doc:"What to do"`
}

// ColumnMapping shows how the headers of a table were matched to fields.
type ColumnMapping struct {
	Table   string         `json:"table"`
	Columns []ColumnMatch  `json:"columns"`
	Fields  []MappingField `json:"fields" doc:"What a column can be"`
	Unsure  bool           `json:"unsure" doc:"A person should confirm"`
	Why     string         `json:"why,omitempty"`
}

// ColumnMatch is one column of a table.
type ColumnMatch struct {
	Header string   `json:"header"`
	Field  string   `json:"field" doc:"Empty where it is left out"`
	Match  string   `json:"match" enum:"exact,alias,guess,chosen,none"`
	Sample []string `json:"sample" doc:"Up to three values"`
}

// MappingField is a field that a column can be matched to.
type MappingField struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Required bool   `json:"required"`
}

// ImportDetail is one import with what it said.
type ImportDetail struct {
	ImportSummary
	Faults  []RowFault     `json:"faults"`
	Diff    []DiffRow      `json:"diff"`
	Mapping *ColumnMapping `json:"mapping,omitempty"`
	Notes   []Note         `json:"notes"`
}

// FileFormat describes a kind of file that can be imported.
type FileFormat struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Extensions []string `json:"extensions"`
	Gives      string   `json:"gives" doc:"What one learns from it"`
	Template   string   `json:"template,omitempty" doc:"Name of a template for GET /imports/templates/{name}"`
}
