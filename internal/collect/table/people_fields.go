package table

import "github.com/asepsis/asepsis/internal/fact"

// Headers are those of Workday, ADP and UKG rosters and of plain spreadsheets.
var people = Kind{
	Name:  "people",
	Title: "HR roster",
	Gives: "who works here and in what role, who has left and when: the base for training and for closing accounts",
	Key:   "the employee number, else the mail address",
	kind:  fact.KindPerson,
	build: newPeople,
	Fields: []Field{
		{
			Name: "employee_id", Type: Text, Need: "identity", Attr: "employee_id", Tell: 1,
			Aliases: []string{"employee id", "employee number", "employee no", "employee #", "emp id", "empid", "associate id", "file number", "worker id", "person number", "personnel number", "badge number", "staff id", "payroll id"},
			Doc:     "Employee number, as the directory keeps it too.", Example: [2]string{"10023", "10587"},
		},
		{
			Name: "email", Type: Text, Need: "identity", Attr: "email", Tell: 0,
			Aliases: []string{"email address", "e-mail", "work email", "work contact: work email", "email - primary work", "primary work email", "business email", "mail"},
			Doc:     "Mail address at work.", Example: [2]string{"pat.sample@hospital.example", "lee.sample@hospital.example"},
		},
		{
			Name: "name", Type: Text, Attr: "name", Tell: 0,
			Aliases: []string{"full name", "employee name", "worker", "payroll name", "employee name (last suffix, first mi)", "display name", "legal name", "preferred name", "associate name"},
			Doc:     "Full name; or give first_name and last_name.", Example: [2]string{"Pat Sample", "Lee Sample"},
		},
		{Name: "first_name", Type: Text, Tell: 0, Aliases: []string{"first name", "given name", "legal first name", "preferred or chosen first name", "forename"}, Doc: "First name."},
		{Name: "last_name", Type: Text, Tell: 0, Aliases: []string{"last name", "surname", "family name", "legal last name"}, Doc: "Last name."},
		{
			Name: "role", Type: Text, Attr: "role", Tell: 1,
			Aliases: []string{"job title", "title", "position", "job", "business title", "job title description", "position title", "job profile", "occupation", "job description"},
			Doc:     "Job title or role.", Example: [2]string{"Registered nurse", "IT technician"},
		},
		{
			Name: "department", Type: Text, Attr: "department", Tell: 0,
			Aliases: []string{"dept", "home department", "home department description", "cost center", "supervisory organization", "org level 1", "unit", "division", "department name"},
			Doc:     "Department.", Example: [2]string{"Med-surg", "Information technology"},
		},
		{
			Name: "type", Type: Choice, Attr: "type", Tell: 1, Loose: true,
			Aliases: []string{"worker type", "employee type", "employment type", "worker category", "worker category description", "employee class", "person type", "worker sub-type"},
			Doc:     "employee, contractor, volunteer, student or vendor.", Example: [2]string{"employee", "contractor"},
			Choices: []Option{
				{"employee", []string{"employee", "regular", "full time", "part time", "fulltime", "parttime", "per diem", "prn", "staff", "temporary", "exempt", "non exempt", "provider", "physician", "ft", "pt", "casual"}},
				{"contractor", []string{"contractor", "contract", "contingent worker", "contingent", "agency", "traveler", "traveller", "locum", "locum tenens", "consultant", "non employee", "1099"}},
				{"volunteer", []string{"volunteer"}},
				{"student", []string{"student", "intern", "resident", "trainee"}},
				{"vendor", []string{"vendor", "supplier", "third party"}},
			},
		},
		{
			Name: "manager", Type: Text, Attr: "manager", Tell: 1,
			Aliases: []string{"supervisor", "reports to", "reports to name", "manager name", "supervisor name", "supervisor name (first last)", "manager email"},
			Doc:     "Manager.", Example: [2]string{"Kim Sample", ""},
		},
		{
			Name: "started", Type: Date, Attr: "started_at", Tell: 3,
			Aliases: []string{"hire date", "start date", "date of hire", "original hire date", "last hire date", "date hired", "employment start date", "started at", "most recent hire date"},
			Doc:     "First day.", Example: [2]string{"2019-04-01", "2024-09-16"},
		},
		{
			Name: "ended", Type: Date, Attr: "ended_at", Tell: 3,
			Aliases: []string{"termination date", "end date", "term date", "date of termination", "last day worked", "separation date", "last day", "employment end date", "ended at", "leave date"},
			Doc:     "Last day; empty for those who work here.", Example: [2]string{"", "2026-08-31"},
		},
		{
			Name: "status", Type: Choice, Tell: 0, Loose: true,
			Aliases: []string{"employment status", "position status", "employee status", "worker status", "active status", "hr status", "assignment status"},
			Doc:     "active, or left. One who has left needs a date in ended.", Example: [2]string{"active", "left"},
			Choices: []Option{
				{"active", []string{"active", "a", "employed", "current", "leave", "l", "on leave", "loa", "leave of absence", "paid leave", "fmla", "yes", "true", "1", "pre hire", "hired", "new"}},
				{"left", []string{"left", "t", "terminated", "termed", "term", "inactive", "i", "separated", "retired", "r", "resigned", "deceased", "d", "discharged", "no", "false", "0", "former", "ended"}},
			},
		},
	},
}
