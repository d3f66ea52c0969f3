package api

import (
	"net/http"

	"github.com/asepsis/asepsis/internal/access"
)

func get(need access.Permission, path, id, tag, summary string) route {
	return route{need: need, method: http.MethodGet, path: path, id: id, tag: tag, summary: summary}
}

func versioned(r route) route { r.versioned = true; return r }

func do(method string, need access.Permission, path, id, tag, summary string) route {
	return route{need: need, method: method, path: path, id: id, tag: tag, summary: summary}
}

// routes is the table of the whole API.
func (s *server) routes() {
	const post, put, patch, del = http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete

	add(s, do(post, access.Public, "/setup/check", "check-link", "session", "Say what a set-up link is for"), s.checkLink)
	add(s, do(post, access.Public, "/setup", "set-up", "session", "Choose name, password and second factor; on the first run the organization too"), s.setUp)
	add(s, do(post, access.Public, "/setup/confirm", "confirm-set-up", "session", "Put the second factor in force and sign in"), s.confirm)
	add(s, get(access.Public, "/session", "get-session", "session", "Say who is signed in, if anybody"), s.getSession)
	add(s, do(post, access.Public, "/session", "sign-in", "session", "Sign in"), s.signIn)
	add(s, status(do(del, access.OwnSession, "/session", "sign-out", "session", "Sign out"), 204), s.signOut)
	add(s, do(post, access.OwnSession, "/session/password", "change-password", "session", "Change one's own password"), s.changePassword)
	add(s, do(post, access.OwnSession, "/session/recovery-codes", "new-recovery-codes", "session", "Replace one's own recovery codes"), s.newRecoveryCodes)
	add(s, get(access.OwnSession, "/openapi.json", "get-openapi", "session", "Describe this API"), s.getOpenAPI)
	add(s, get(access.Public, "/organizations/presets", "list-presets", "session", "List kinds of organization to start from"), s.presets)
	add(s, get(access.Public, "/organizations/hospitals", "find-hospitals", "session", "Find a real hospital by name or CCN"), s.hospitals)

	add(s, versioned(get(access.ReadSummary, "/today", "get-today", "goals", "Show where the organization stands")), s.today)
	add(s, versioned(get(access.ReadSummary, "/goals", "list-goals", "goals", "List the twenty goals")), s.goals)
	add(s, versioned(get(access.ReadSummary, "/goals/{id}", "get-goal", "goals", "Show one goal with its checks")), s.goal)
	add(s, versioned(get(access.ReadDetail, "/checks", "list-checks", "goals", "List all checks")), s.checks)
	add(s, versioned(get(access.ReadDetail, "/checks/{id}", "get-check", "goals", "Show one check")), s.check)
	add(s, versioned(get(access.ReadDetail, "/checks/{id}/results", "list-results", "goals", "List what a check says of each resource")), s.results)
	add(s, versioned(get(access.ReadDetail, "/checks/{id}/results/{resource}", "get-result", "goals", "Show what a check says of one resource, and why")), s.result)

	add(s, versioned(get(access.ReadDetail, "/resources/{kind}", "list-resources", "resources", "List resources of a kind")), s.resources)
	add(s, versioned(get(access.ReadDetail, "/resources/{kind}/{id}", "get-resource", "resources", "Show all that is known about one resource")), s.resource)
	add(s, versioned(get(access.ReadSummary, "/search", "search", "resources", "Find goals, checks, pages and resources")), s.search)

	add(s, versioned(get(access.ReadDetail, "/inventory", "get-inventory", "inventory", "Count the inventory and what is open about it")), s.inventorySummary)
	add(s, do(patch, access.ManageInventory, "/inventory/assets", "edit-assets", "inventory", "Set what people know of assets"), s.editAssets)
	add(s, versioned(get(access.ReadDetail, "/inventory/assets/{id}/history", "get-asset-history", "inventory", "Show how an asset was recognized and what changed")), s.assetHistory)
	add(s, versioned(get(access.ReadDetail, "/inventory/assets/{id}/software", "list-asset-software", "inventory", "List an asset's software with what the advisories say of it")), s.assetSoftware)
	s.sbomRoute(get(access.ReadDetail, "/inventory/assets/{id}/sbom", "get-asset-sbom", "inventory", "Save an asset's software as a bill of materials"))
	add(s, get(access.ReadDetail, "/inventory/questions", "list-merge-questions", "inventory", "List doubtful merges"), s.mergeQuestions)
	add(s, status(do(post, access.ManageInventory, "/inventory/questions/{id}", "answer-merge-question", "inventory", "Say whether two records are one device"), 204), s.answerMerge)
	add(s, status(do(post, access.ManageInventory, "/inventory/merges", "merge-assets", "inventory", "Join two records of one device"), 204), s.mergeAssets)
	add(s, status(do(post, access.ManageInventory, "/inventory/merges/{id}/undo", "undo-merge", "inventory", "Take a merge back"), 204), s.unmergeAssets)
	add(s, get(access.ReadDetail, "/inventory/views", "list-views", "inventory", "List kept questions to the inventory"), s.assetViews)
	add(s, status(do(put, access.ManageInventory, "/inventory/views", "put-view", "inventory", "Keep a question to the inventory"), 204), s.putAssetView)
	add(s, status(do(del, access.ManageInventory, "/inventory/views/{name}", "delete-view", "inventory", "Forget a kept question"), 204), s.deleteAssetView)
	add(s, versioned(get(access.ReadDetail, "/devices/models", "list-models", "inventory", "List models of devices across the hospital")), s.deviceModels)
	add(s, versioned(get(access.ReadDetail, "/devices/models/{id}", "get-model", "inventory", "Show one model with its units and advisories")), s.deviceModel)

	add(s, versioned(get(access.ReadDetail, "/vulnerabilities", "get-vulnerabilities", "vulnerabilities", "Show what to mend first")), s.vulnerabilities)
	add(s, versioned(get(access.ReadDetail, "/vulnerabilities/{id}", "get-flaw", "vulnerabilities", "Say whether the organization is affected by a flaw")), s.flaw)
	add(s, get(access.ReadDetail, "/vulnerabilities/{id}/why", "explain-flaw", "vulnerabilities", "Explain how software was judged about a flaw"), s.flawWhy)
	add(s, get(access.ReadDetail, "/decisions", "list-decisions", "vulnerabilities", "List decisions about findings"), s.decisions)
	add(s, status(do(post, access.ManageInventory, "/decisions", "decide", "vulnerabilities", "Accept, dispute or compensate findings until a day"), 201), s.decide)
	add(s, do(del, access.ManageInventory, "/decisions/{id}", "end-decision", "vulnerabilities", "End a decision before its day"), s.endDecision)

	add(s, get(access.ReadDetail, "/feeds", "get-feeds", "feeds", "Show the advisories in force"), s.feeds)
	s.feedRoute(do(post, access.ManageInventory, "/feeds", "bring-feed", "feeds", "Bring a signed feed"))
	add(s, do(post, access.ManageOrganization, "/feeds/keys", "trust-key", "feeds", "Trust a key that signs feeds"), s.trustKey)

	add(s, get(access.ReadDetail, "/discovery/scopes", "list-scopes", "discovery", "List networks that may be searched"), s.scopes)
	add(s, status(do(put, access.ManageOrganization, "/discovery/scopes", "put-scope", "discovery", "Permit a network to be searched, and say how"), 204), s.putScope)
	add(s, status(do(del, access.ManageOrganization, "/discovery/scopes/{name}", "delete-scope", "discovery", "Take the permission back"), 204), s.deleteScope)
	add(s, status(do(post, access.ManageInventory, "/discovery/scopes/{name}/runs", "discover", "discovery", "Search a permitted network now"), 202), s.discover)
	add(s, do(post, access.ManageInventory, "/discovery/plan", "plan-discovery", "discovery", "Say what a search would do; nothing is sent"), s.planDiscovery)
	add(s, status(do(post, access.ManageInventory, "/discovery/stop", "stop-discovery", "discovery", "Stop the search that runs"), 204), s.stopDiscovery)
	add(s, get(access.ReadDetail, "/discovery/runs", "list-discovery-runs", "discovery", "List searches of networks, newest first"), s.discoveryRuns)

	add(s, versioned(get(access.ReadDetail, "/assessments", "list-assessments", "assessments", "List assessments, newest first")), s.assessments)
	add(s, versioned(get(access.ReadDetail, "/assessments/{id}", "get-assessment", "assessments", "Show one assessment as docs/formats describes it")), s.assessment)
	add(s, status(do(post, access.Assess, "/assessments", "run-assessment", "assessments", "Measure this server and decide the goals anew"), 202), s.assess)
	s.eventRoute(route{
		need: access.ReadSummary, method: http.MethodGet, path: "/events", id: "follow-events", tag: "assessments",
		summary: "Follow what runs and what changes", within: -1,
	})
	for _, f := range reportFormats {
		s.reportRoute(versioned(get(f.need, f.path, f.id, "assessments", f.summary)), f)
	}

	s.importRoute(do(post, access.Import, "/imports", "import-file", "imports", "Bring a file, or with dry_run see what it would change"))
	add(s, versioned(get(access.ReadDetail, "/imports", "list-imports", "imports", "List imports, newest first")), s.imports)
	add(s, versioned(get(access.ReadDetail, "/imports/{id}", "get-import", "imports", "Show one import")), s.importDetail)
	add(s, get(access.ReadDetail, "/imports/formats", "list-formats", "imports", "List the kinds of file that can be read"), s.formats)
	s.templateRoute(get(access.ReadDetail, "/imports/templates/{name}", "get-template", "imports", "Download a table to fill in"))

	add(s, get(access.ReadUsers, "/users", "list-users", "settings", "List users"), s.users)
	add(s, status(do(post, access.ManageUsers, "/users", "invite-user", "settings", "Invite a user"), 201), s.invite)
	add(s, do(patch, access.ManageUsers, "/users/{id}", "change-user", "settings", "Change a user's name or role, disable or enable"), s.changeUser)
	add(s, do(post, access.ManageUsers, "/users/{id}/link", "renew-link", "settings", "Make a new set-up link for a user"), s.relink)
	add(s, get(access.ReadUsers, "/tokens", "list-tokens", "settings", "List API tokens"), s.tokens)
	add(s, status(do(post, access.ManageUsers, "/tokens", "create-token", "settings", "Make an API token; its secret is shown once"), 201), s.newToken)
	add(s, status(do(del, access.ManageUsers, "/tokens/{id}", "revoke-token", "settings", "End an API token"), 204), s.revokeToken)
	add(s, versioned(get(access.ReadDetail, "/parameters", "list-parameters", "settings", "List thresholds, cadences and windows")), s.parameters)
	add(s, do(put, access.ManageParameters, "/parameters", "set-parameter", "settings", "Set one parameter, or return it to its default"), s.putParameter)
	add(s, versioned(get(access.ReadSummary, "/organization", "get-organization", "settings", "Show the organization")), s.organization)
	add(s, do(patch, access.ManageOrganization, "/organization", "change-organization", "settings", "Change the organization"), s.changeOrganization)

	add(s, get(access.ReadAudit, "/audit", "list-audit", "record", "List the product's own audit trail, newest first"), s.audit)
	add(s, get(access.ReadDetail, "/ledger", "get-ledger", "record", "Show the state of the tamper-evident record"), s.ledger)
	add(s, long(do(post, access.ReadDetail, "/ledger/check", "check-ledger", "record", "Derive the record anew and say whether a byte was changed")), s.checkLedger)
}

func status(r route, code int) route { r.status = code; return r }

func long(r route) route { r.within = longTime; return r }
