package demo

// Names are of plants, stones and birds, and of nobody: whoever reads them sees
// that the people are made up.
var (
	firstNames = []string{
		"Alder", "Amber", "Aspen", "Aster", "Basil", "Beryl", "Birch", "Briar", "Bryony", "Cedar", "Clover", "Coral", "Dahlia", "Fern",
		"Flint", "Garnet", "Hazel", "Heath", "Holly", "Iris", "Ivy", "Jade", "Jasper", "Juniper", "Lark", "Laurel", "Linden", "Maple",
		"Marlow", "Myrtle", "Olive", "Onyx", "Opal", "Pearl", "Poppy", "Quill", "Reed", "River", "Robin", "Rowan", "Ruby", "Sage",
		"Sorrel", "Sparrow", "Tansy", "Teal", "Thorn", "Violet", "Willow", "Wren",
	}
	lastNames = []string{
		"Demowitz", "Examplar", "Fabrikant", "Fictley", "Fictorian", "Imagino", "Inventson", "Madeup", "Makebelieve", "Mockridge", "Mockingham",
		"Nemopoulos", "Noone", "Nosuch", "Paperman", "Pretendahl", "Samplewood", "Sampleton", "Sampson-Demo", "Standin", "Storybrook", "Tallstory",
		"Testaberg", "Testerfield", "Unrealsen", "Whatif",
	}
	places    = []string{"Juniper Flats", "Painted Creek", "Larkspur Valley", "Tumbleweed Junction", "Copper Bluff", "Windmill Prairie", "Hollow Pine", "Antelope Ford", "Silver Thistle", "Meadowlark", "Cricket Hollow", "Dusty Fork", "Elk Lantern", "Fiddler Bend", "Goldenrod", "Heron Slough", "Iron Kettle", "Jackrabbit Mesa", "Kite Hill", "Lone Cottonwood", "Mule Ear", "Nettle Run", "Owl Canyon", "Paper Birch", "Quail Track"}
	hospitals = []string{"Community Hospital", "Memorial Hospital", "Regional Medical Center", "County Hospital"}
	states    = []string{"NE", "KS", "MT", "SD", "IA", "WY", "ND", "OK"}
)

// job is a role with the department it is in and how many in a hundred hold it.
type job struct {
	role, department string
	share            int
	clinical         bool // works in the record system
}

var jobs = []job{
	{"Registered nurse", "Medical-surgical", 18, true},
	{"Registered nurse", "Emergency", 9, true},
	{"Licensed practical nurse", "Long-term care", 6, true},
	{"Nursing assistant", "Medical-surgical", 8, true},
	{"Physician", "Medical staff", 6, true},
	{"Nurse practitioner", "Rural health clinic", 4, true},
	{"Laboratory technologist", "Laboratory", 4, true},
	{"Radiologic technologist", "Radiology", 4, true},
	{"Pharmacist", "Pharmacy", 2, true},
	{"Respiratory therapist", "Respiratory care", 3, true},
	{"Physical therapist", "Rehabilitation", 3, true},
	{"Medical assistant", "Rural health clinic", 5, true},
	{"Registration clerk", "Patient access", 5, true},
	{"Coder", "Health information", 2, true},
	{"Biller", "Business office", 4, true},
	{"Cook", "Dietary", 4, false},
	{"Housekeeper", "Environmental services", 5, false},
	{"Maintenance technician", "Facilities", 2, false},
	{"Administrator", "Administration", 2, false},
	{"Volunteer", "Volunteers", 4, false},
}

// staffIT are those who run the machines; there are always as many.
var staffIT = []string{"IT manager", "Systems administrator", "Network technician", "Help desk technician", "Clinical informatics nurse", "Biomedical technician"}

// supply is what a vendor does, and what it can reach.
type supply struct {
	service      string
	tier         string
	phi, network bool
}

var supplies = []supply{
	{"Electronic health record", "critical", true, true},
	{"Medical image archive", "critical", true, true},
	{"Laboratory information system", "critical", true, true},
	{"Interface engine hosting", "critical", true, true},
	{"Teleradiology reading", "high", true, true},
	{"Tele-emergency service", "high", true, true},
	{"Infusion pump maintenance", "high", false, true},
	{"Imaging maintenance", "high", true, true},
	{"Laboratory analyzer service", "high", false, true},
	{"Managed firewall", "high", false, true},
	{"Off-site backup", "critical", true, true},
	{"Billing clearinghouse", "high", true, false},
	{"Coding service", "high", true, true},
	{"Transcription", "high", true, false},
	{"Collections", "medium", true, false},
	{"Patient portal", "high", true, true},
	{"Patient satisfaction surveys", "medium", true, false},
	{"Document shredding", "medium", true, false},
	{"Release of information", "medium", true, false},
	{"Pharmacy benefit exchange", "medium", true, false},
	{"Reference laboratory", "medium", true, false},
	{"Health information exchange", "high", true, true},
	{"Heating and cooling controls", "medium", false, true},
	{"Nurse call maintenance", "medium", false, true},
	{"Badge access", "medium", false, true},
	{"Telephone system", "medium", false, true},
	{"Managed printing", "medium", false, true},
	{"Payroll", "medium", false, false},
	{"Learning system", "low", false, false},
	{"Linen", "low", false, false},
	{"Food supply", "low", false, false},
	{"Medical gases", "low", false, false},
	{"Waste removal", "low", false, false},
	{"Landscaping", "low", false, false},
	{"Office supplies", "low", false, false},
	{"Elevator service", "low", false, false},
	{"Locum staffing", "medium", true, false},
	{"Legal counsel", "medium", true, false},
	{"Audit", "medium", true, false},
	{"Web site hosting", "medium", false, false},
}

var (
	vendorFirst = []string{"Applebark", "Bluestem", "Cloudberry", "Dragonfly", "Everfern", "Foxglove", "Gooseberry", "Hollyhock", "Inkcap", "Jackdaw", "Kestrel", "Lanternfly", "Moonwort", "Nutmeg", "Oxlip", "Pepperbush", "Quince", "Rosehip", "Snowdrop", "Thistledown"}
	vendorLast  = []string{"(fictional) Inc.", "(fictional) LLC", "(fictional) Co."}
)
