// Package report writes findings down, in the form that whoever reads them wants:
//
//   - [Text] for a terminal;
//   - [JSON] for programs, with everything a finding has;
//   - [CSV] for spreadsheets, a line for each finding;
//   - [SARIF] 2.1.0 for the tools that collect findings of analyzers: SARIF viewers,
//     the scan tab of Azure DevOps, DefectDojo and other defect trackers. Findings
//     are about tenants and subscriptions, not about files, so they have logical
//     locations and no physical ones; GitHub's code scanning, which wants a file
//     and a line for each, does not take them;
//   - [HTML], one page that needs nothing else, to be printed or handed over. It has
//     no script, and says by its policy that none may run.
//
// The names in findings come from other people's directories and may hold
// anything. In no form do they become markup, a formula, a command or an
// invisible character: text and tables show such characters by number, HTML and
// JSON escape them, and a cell that a spreadsheet would compute begins with an
// apostrophe.
package report
