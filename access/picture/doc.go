// Package picture shows answers to people and programs: as a drawing ([SVG]), in
// the languages of two drawing programs ([DOT], [Mermaid]), as a list for
// terminals, tickets, mails and screen readers ([Text]), and as a value for JSON
// ([ViewOf]). All of them tell the same ways, in the same order and words.
//
// # Reading the pictures
//
// A picture begins with the verdict and the question, and is read from left to
// right: from the one who was asked about, along every way he has, to the action.
//
// What a box is, its word, its shape and its colour say at once:
//
//	user, guest             round corners; a guest has a second line inside
//	group                   a stack
//	service principal       square, with lugs
//	foreign principal       a ticket, notched above and below
//	relationship            pointed at both ends
//	role, directory role    cut corners; a directory role has a second line
//	tenant                  a folder
//	action                  a pill
//	deny assignment         a stop sign; the way ends there, crossed out
//	missing fact            torn off below; whether the way goes on is not known
//	missing                 brackets; what is not there, so that the answer is no
//	way in                  a door
//
// Several boxes that play the same part between the same neighbours are one, such
// as "12 groups"; their names are in its title, which a pointer shows. If there
// is more than one picture can hold, it says how many ways were left out.
//
// What an arrow is, the verb at its head says. Besides:
//
//	solid             it holds now
//	dotted            a step that somebody must take first: himself, or by activating
//	dashed            it holds for all customers of the partner alike, and the
//	                  partner cannot limit it to one (R10, R21)
//	dashed, dotted    both
//	crossed           a deny assignment takes it away (R19)
//
// A role gives nothing to whoever cannot sign in to its tenant (R22). Where that
// takes something of its own, it is drawn below, as the way in.
//
// # Colours
//
// Within a page the picture takes the colour of the text around it, and colours
// for its kinds that can be seen on light and on dark; a style sheet can change
// them by the classes, all of which begin with "lk-". It holds no style and no
// script, so that the strictest content security policy lets it pass. Option
// [StandAlone] makes it a file of its own, with a ground and with colours for
// light and dark.
//
// # Names
//
// Names come from people, and some of those mean harm. Every name is stripped of
// control characters and of what turns the direction of text, shortened, and
// written as each format demands.
package picture
