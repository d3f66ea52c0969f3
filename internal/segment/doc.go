// Package segment holds what was seen to flow between network zones against what
// is meant to flow.
//
// A [Plan] is data: zones, and rules that say who may talk to whom on what, why
// and until when. What no rule names is closed. A [Fold] takes flows of any number
// of sources and folds them to zone × zone × service in bounded memory; its
// [Matrix] tells what is intended, seen, forbidden but seen, intended but never
// seen, and what nobody watches: a pair of zones that no source sees is not
// measured, which is never the same as quiet. [Suggest] drafts rules from what was
// seen; a draft is no rule until a person has said why and put a name to it.
package segment
