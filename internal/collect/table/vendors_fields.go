package table

import "github.com/asepsis/asepsis/internal/fact"

// There is no common export of contracts: headers are those people give their
// own lists.
var vendors = Kind{
	Name:  "vendors",
	Title: "Vendors with contract terms",
	Gives: "who supplies what, who handles patient data, and what the contracts say about security and notice",
	Key:   "the name",
	kind:  fact.KindVendor,
	build: newVendors,
	Fields: []Field{
		{
			Name: "name", Type: Text, Need: "name", Attr: "name", Tell: 1,
			Aliases: []string{"vendor name", "vendor", "supplier", "supplier name", "company", "company name", "third party", "business associate", "business associate name", "legal name", "organization"},
			Doc:     "Name of the vendor.", Example: [2]string{"Contoso Imaging (fictional)", "Fabrikam Laundry (fictional)"},
		},
		{
			Name: "service", Type: Text, Attr: "service", Tell: 1,
			Aliases: []string{"services", "product", "service provided", "services provided", "description", "what they supply", "product or service", "category", "service description"},
			Doc:     "What it supplies.", Example: [2]string{"PACS", "Linen"},
		},
		{
			Name: "tier", Type: Choice, Attr: "tier", Tell: 2, Loose: true,
			Aliases: []string{"risk tier", "vendor tier", "criticality", "risk rating", "risk level", "inherent risk", "vendor criticality", "risk"},
			Doc:     "critical, high, medium or low, by what it can reach.", Example: [2]string{"critical", "low"},
			Choices: []Option{
				{"critical", []string{"critical", "tier 1", "1", "very high", "t1", "severe"}},
				{"high", []string{"high", "tier 2", "2", "t2"}},
				{"medium", []string{"medium", "moderate", "tier 3", "3", "t3"}},
				{"low", []string{"low", "tier 4", "4", "minimal", "none", "t4", "very low"}},
			},
		},
		{
			Name: "reaches_phi", Type: Bool, Attr: "reaches_phi", Tell: 2, Say: true,
			Aliases: []string{"phi", "phi access", "access to phi", "handles phi", "ephi", "ephi access", "business associate (y/n)", "is business associate", "ba", "receives phi", "phi shared", "processes phi"},
			Doc:     "Handles patient data: a business associate.", Example: [2]string{"yes", "no"},
		},
		{
			Name: "network_access", Type: Bool, Attr: "network_access", Tell: 2, Say: true,
			Aliases: []string{"remote access", "vpn access", "connects to network", "network connection", "system access"},
			Doc:     "Can reach the network.", Example: [2]string{"yes", "no"},
		},
		{
			Name: "contact", Type: Text, Attr: "contact", Tell: 1,
			Aliases: []string{"security contact", "contact email", "vendor contact", "contact name", "primary contact", "incident contact"},
			Doc:     "Whom to call about security.", Example: [2]string{"security@contoso.example", ""},
		},
		{
			Name: "contract_starts", Type: Date, Attr: "contract_starts_at", Tell: 2,
			Aliases: []string{"contract start", "contract start date", "effective date", "agreement date", "contract date", "start date", "contract effective date"},
			Doc:     "Start of the contract.", Example: [2]string{"2024-01-01", "2023-07-01"},
		},
		{
			Name: "contract_ends", Type: Date, Attr: "contract_ends_at", Tell: 2,
			Aliases: []string{"contract end", "contract end date", "expiration date", "contract expiration", "renewal date", "end date", "contract expires", "term end", "expiry date"},
			Doc:     "End of the contract.", Example: [2]string{"2026-12-31", "2027-06-30"},
		},
		{
			Name: "baa_signed", Type: Bool, Attr: "baa_signed", Tell: 3, Say: true,
			Aliases: []string{"baa", "baa on file", "baa status", "business associate agreement", "baa executed", "baa in place", "has baa", "baa?"},
			Doc:     "There is a signed business associate agreement.", Example: [2]string{"yes", ""},
		},
		{
			Name: "baa_signed_at", Type: Date, Attr: "baa_signed_at", Past: true, Tell: 3,
			Aliases: []string{"baa date", "baa signed date", "baa execution date", "date baa signed", "baa effective date", "baa signature date"},
			Doc:     "When it was signed.", Example: [2]string{"2024-01-15", ""},
		},
		{
			Name: "security_terms", Type: Bool, Attr: "security_terms", Tell: 3, Say: true,
			Aliases: []string{"security requirements", "security clause", "security addendum", "security exhibit", "security terms in contract", "cybersecurity terms", "cybersecurity requirements"},
			Doc:     "The contract sets security requirements.", Example: [2]string{"yes", "no"},
		},
		{
			Name: "notice_terms", Type: Bool, Attr: "notice_terms", Tell: 3, Say: true,
			Aliases: []string{"incident notice", "incident notification clause", "breach notification clause", "notification terms", "notice clause", "incident notice term"},
			Doc:     "The contract sets a time to give notice of incidents.", Example: [2]string{"yes", "no"},
		},
		{
			Name: "notice_time", Type: Hours, Attr: "notice_hours", Tell: 3,
			Aliases: []string{"notice hours", "notice_hours", "notification time", "breach notification time", "incident notification time", "incident notice hours", "notification window", "breach notice", "notification timeframe", "notice period hours", "incident notice time"},
			Doc:     "That time: hours, or with a unit (\"72 hours\", \"3 days\").", Example: [2]string{"72 hours", ""},
		},
		{
			Name: "vulnerability_notice", Type: Bool, Attr: "vulnerability_notice", Tell: 3, Say: true,
			Aliases: []string{"vulnerability notification", "vulnerability disclosure clause", "vulnerability disclosure", "notice of vulnerabilities"},
			Doc:     "The contract asks for notice of vulnerabilities.", Example: [2]string{"yes", ""},
		},
		{
			Name: "verified", Type: Date, Attr: "verified_at", Past: true, Tell: 2, Say: true,
			Aliases: []string{"last assessment", "last review", "last security review", "last verified", "verified at", "assessment date", "last assessed", "questionnaire date", "last risk assessment", "soc 2 date", "review date", "last due diligence"},
			Doc:     "When its safeguards were last verified.", Example: [2]string{"2026-02-20", ""},
		},
		{
			Name: "sbom_received", Type: Date, Attr: "sbom_received_at", Past: true, Tell: 3, Say: true,
			Aliases: []string{"sbom", "sbom date", "last sbom", "sbom received date", "sbom received at"},
			Doc:     "When the newest software bill of materials came.", Example: [2]string{"2026-05-04", ""},
		},
		{
			Name: "drill_at", Type: Date, Attr: "drill_at", Past: true, Tell: 3, Say: true,
			Aliases: []string{"last notice drill", "notice drill", "drill date", "last test notice", "test notice date"},
			Doc:     "When a test notice was last answered.", Example: [2]string{"2026-06-10", ""},
		},
		{
			Name: "drill_time", Type: Hours, Attr: "drill_hours", Tell: 3, Say: true,
			Aliases: []string{"drill hours", "drill_hours", "time to answer", "drill response time", "test notice response time"},
			Doc:     "How long the answer took.", Example: [2]string{"5 hours", ""},
		},
	},
}
