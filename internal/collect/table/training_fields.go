package table

import "github.com/asepsis/asepsis/internal/fact"

// personFields name the person in tables that are about what people did.
func personFields() []Field {
	return []Field{
		{
			Name: "employee_id", Type: Text, Need: "identity", Tell: 0,
			Aliases: []string{"employee number", "employee id", "emp id", "associate id", "worker id", "user employee number", "staff id", "learner id"},
			Doc:     "Employee number, as the roster has it. Where the roster has one, give it here too.", Example: [2]string{"10023", "10587"},
		},
		{
			Name: "email", Type: Text, Need: "identity", Tell: 0,
			Aliases: []string{"email address", "user email", "user email address", "e-mail", "work email", "learner email", "recipient email", "recipient", "mail", "user", "username", "user name", "login", "to"},
			Doc:     "Mail address.", Example: [2]string{"pat.sample@hospital.example", "lee.sample@hospital.example"},
		},
		{
			Name: "name", Type: Text, Tell: 0,
			Aliases: []string{"full name", "learner name", "employee name", "user display name", "display name", "recipient name", "learner"},
			Doc:     "Name; or first_name and last_name.", Example: [2]string{"Pat Sample", "Lee Sample"},
		},
		{Name: "first_name", Type: Text, Tell: 0, Aliases: []string{"first name", "given name"}, Doc: "First name."},
		{Name: "last_name", Type: Text, Tell: 0, Aliases: []string{"last name", "surname"}, Doc: "Last name."},
	}
}

// Headers are those of KnowBe4's training reports and of learning systems.
var training = Kind{
	Name:  "training",
	Title: "Training completions",
	Gives: "when each person last completed security training, and which",
	Key:   "the person; of several completions the newest counts",
	kind:  fact.KindPerson,
	build: newTraining,
	Fields: append(personFields(), []Field{
		{
			Name: "course", Type: Text, Tell: 3,
			Aliases: []string{"course name", "course title", "module name", "module", "training", "content", "content name", "assignment", "assignment name", "training campaign", "campaign name", "training name", "curriculum", "learning item", "lesson", "campaign"},
			Doc:     "What was completed.", Example: [2]string{"Security awareness 2026", "Security awareness 2026"},
		},
		{
			Name: "completed", Type: Date, Need: "completion", Tell: 3, Past: true,
			Aliases: []string{"completion date", "completed on", "date completed", "completed date", "completed at", "completion", "finished", "finish date", "training date", "date of completion", "completed (utc)", "last completed"},
			Doc:     "When it was completed; empty where it was not.", Example: [2]string{"2026-03-14", ""},
		},
		{
			Name: "due", Type: Date, Tell: 2,
			Aliases: []string{"due date", "deadline", "due by", "assignment due date"},
			Doc:     "When it is to be completed.", Example: [2]string{"2026-04-01", "2026-12-01"},
		},
		{
			Name: "expires", Type: Date, Tell: 2,
			Aliases: []string{"expiration date", "expiry date", "next due", "next due date", "recertification date", "valid until", "renewal date"},
			Doc:     "When the next one is due.", Example: [2]string{"2027-03-14", ""},
		},
		{
			Name: "status", Type: Choice, Tell: 0, Loose: true,
			Aliases: []string{"completion status", "training status", "enrollment status", "progress", "result", "course status"},
			Doc:     "completed, or open.", Example: [2]string{"completed", "open"},
			Choices: []Option{
				{"completed", []string{"completed", "complete", "passed", "pass", "finished", "done", "100", "acknowledged", "yes", "attended", "satisfied"}},
				{"open", []string{"open", "in progress", "not started", "past due", "overdue", "enrolled", "assigned", "incomplete", "failed", "fail", "no", "pending", "expired", "registered", "started", "0"}},
			},
		},
		{
			Name: "enrolled", Type: Date, Tell: 1,
			Aliases: []string{"enrollment date", "enrolled on", "assigned date", "date assigned", "assignment date", "date enrolled"},
			Doc:     "When it was assigned.",
		},
		{Name: "time_spent", Type: Text, Tell: 1, Aliases: []string{"time spent", "duration", "minutes spent"}, Doc: "Not used; it tells the table from others."},
		{Name: "score", Type: Text, Tell: 1, Aliases: []string{"quiz score", "grade", "assessment score"}, Doc: "Not used; it tells the table from others."},
	}...),
}

// Headers are those of KnowBe4's recipient lists, of GoPhish's results and
// events, of Proofpoint's and Sophos's campaign reports.
var phishing = Kind{
	Name:  "phishing",
	Title: "Results of simulated phishing",
	Gives: "who was sent simulated phishing, who clicked (mail scanners' clicks told apart) and who reported it",
	Key:   "the person and the message",
	kind:  fact.KindPerson,
	build: newPhishing,
	Fields: append(personFields(), []Field{
		{
			Name: "campaign", Type: Text, Tell: 1,
			Aliases: []string{"campaign name", "campaign title", "phishing campaign", "campaign_id", "campaign id", "test name", "pst name", "pst_id", "phishing test", "simulation name", "simulation"},
			Doc:     "Campaign the message belonged to.", Example: [2]string{"Spring invoices", "Spring invoices"},
		},
		{Name: "template", Type: Text, Tell: 1, Aliases: []string{"template name", "email template", "phishing template", "subject"}, Doc: "Template of the message."},
		{
			Name: "sent", Type: Date, Tell: 2, Past: true,
			Aliases: []string{"sent at", "send_date", "date sent", "email sent", "sent date", "scheduled at", "send date", "sent on", "time sent"},
			Doc:     "When it was sent.", Example: [2]string{"2026-04-02 09:00:00", "2026-04-02 09:00:00"},
		},
		{Name: "delivered", Type: Date, Tell: 2, Past: true, Aliases: []string{"delivered at", "delivery time", "delivered on", "email delivered", "date delivered"}, Doc: "When it was delivered."},
		{Name: "bounced", Type: Text, Tell: 2, Aliases: []string{"bounced at", "email bounced", "bounce"}, Doc: "It was not delivered: yes, or when."},
		{
			Name: "opened", Type: Text, Tell: 2,
			Aliases: []string{"opened at", "email opened", "date opened", "open time", "opened on"},
			Doc:     "Opened: yes, or when.", Example: [2]string{"2026-04-02 09:40:11", "no"},
		},
		{
			Name: "clicked", Type: Text, Need: "click", Tell: 3,
			Aliases: []string{"clicked at", "link clicked", "clicked link", "date clicked", "click time", "clicked on", "primary clicked", "has clicked", "failed", "qr code scanned", "clicked link time"},
			Doc:     "Clicked: yes, or when. With the time, clicks of mail scanners can be told apart.", Example: [2]string{"2026-04-02 09:41:30", "no"},
		},
		{
			Name: "submitted", Type: Text, Need: "click", Tell: 3,
			Aliases: []string{"data entered at", "data entered", "submitted data", "entered credentials", "credentials entered", "primary compromised", "compromised", "data submitted", "attachment opened at", "macro enabled at", "replied at"},
			Doc:     "Went further than a click: yes, or when. Counts as a click.",
		},
		{
			Name: "reported", Type: Text, Tell: 2,
			Aliases: []string{"reported at", "reported email", "date reported", "email reported", "reported on", "reported phish", "has reported"},
			Doc:     "Reported: yes, or when.", Example: [2]string{"no", "2026-04-02 09:12:45"},
		},
		{
			Name: "bot", Type: Bool, Tell: 3,
			Aliases: []string{"is bot", "bot click", "scanner", "clicked by scanner", "clicked by bot", "false positive", "false_positive", "automated", "sandbox", "excluded"},
			Doc:     "The click was a mail scanner's.", Example: [2]string{"no", ""},
		},
		{Name: "browser", Type: Text, Tell: 2, Aliases: []string{"user agent", "useragent", "browser name"}, Doc: "Browser that clicked; some scanners name themselves."},
		{
			Name: "event", Type: Choice, Need: "click", Tell: 2, Loose: true,
			Aliases: []string{"message", "event type", "result", "status", "action", "outcome", "event name"},
			Doc:     "What happened, in exports with one row an event: sent, opened, clicked, submitted, reported, bounced, none.",
			Choices: []Option{
				{"sent", []string{"sent", "email sent", "delivered", "sending", "scheduled", "no action", "none", "passed", "pass", "message delivered"}},
				{"opened", []string{"opened", "email opened", "email view", "viewed", "read"}},
				{"clicked", []string{"clicked", "clicked link", "email click", "link clicked", "failed", "fail", "click"}},
				{"submitted", []string{"submitted", "submitted data", "data entered", "entered credentials", "data submission", "compromised", "attachment opened", "attachment open", "replied"}},
				{"reported", []string{"reported", "email reported", "reported email"}},
				{"bounced", []string{"bounced", "error", "failed to deliver", "email bounced", "error sending email"}},
				{"other", []string{"campaign created", "campaign completed", "no events"}},
			},
		},
		{Name: "time", Type: Date, Tell: 0, Past: true, Aliases: []string{"event time", "timestamp", "time stamp", "event timestamp", "date", "modified_date", "event date"}, Doc: "When it happened, in exports with one row an event."},
	}...),
}
