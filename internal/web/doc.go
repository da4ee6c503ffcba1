// Package web is the portal: the pages on which engineers ask, approvers answer,
// and everybody sees what is open and what came of it.
//
// Every page is a view struct and a template checked against it at start; a page
// that could fail to render keeps the program from starting. Forms work without
// a script; the one small script only counts down and refreshes.
//
// What holds for every route, because it is done around the handlers and not in
// them (TH-E4, TH-I1, TH-T6):
//
//   - requests for another host than the base URL's are turned away, and links
//     are built from the base URL alone;
//   - a POST passes only from our own pages: by the browser's own account
//     (http.CrossOriginProtection) and by a token that binds the form to this
//     visitor and this address;
//   - GET and HEAD change nothing; a GET on an address that only takes a POST
//     says so;
//   - pages load nothing from elsewhere, run no inline script, are never framed,
//     never cached and send no referrer.
//
// Who may see or do what is not decided here: every page asks the service, which
// decides and writes it down. The log page alone chooses which part of the log
// somebody may read, since reading it is no act of the service's.
package web
