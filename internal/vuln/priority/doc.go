// Package priority says what to mend first, by when, and why.
//
// How soon is decided by CISA's decision tree for SSVC, the table "CISA Levels" of the
// CISA coordinator decision, version 2.0.3, as CERT/CC publishes it
// (https://certcc.github.io/SSVC/, data/csv/cisa/cisa_coordinator_2_0_3.csv), which is
// the tree of CISA's guide of November 2022. Its four points come from CISA's own
// assessments of a flaw, and where there is none from what else is known, each time the
// graver reading. The fourth, mission and well-being, is the hospital's own: what fails
// when the device does.
//
// A control that a person's decision puts in place of a fix, and that is seen to hold,
// makes a flaw one step less urgent. That step is ours, not CISA's; it closes nothing
// and ends with the decision.
//
// Nothing here reads a clock or a store. All order is total and explained; raising any
// input that stands for risk never moves a finding down.
package priority
