package mail

import "time"

// Message is one mail to one recipient, ready to be sent.
type Message struct {
	// ID is the Message-ID without its angle brackets. It is made from the
	// notice's id, so a notice that is sent twice because an answer was lost is
	// shown once by most mail programs.
	ID string
	// Thread is the id, without brackets, that all mails about one request refer
	// to, or empty. No mail bears it as its own.
	Thread string
	Date   time.Time

	FromName, ToName string
	From, To         Address

	Subject string
	Text    string // plain text, lines parted by \n
	HTML    string
}
