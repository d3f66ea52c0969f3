// Package evidence keeps the record of a tenant: what was stored, decided,
// changed and by whom, in a log in which no byte can change unseen.
//
// A statement is appended by the store in the transaction that writes the rows
// it speaks of, so there is no row without its statement and no statement
// without its row. A [Publisher] then integrates new entries into tiles in a
// folder and signs a checkpoint; [Check] derives everything anew from the bytes
// and says what does not fit. The format is package ledger's.
package evidence
