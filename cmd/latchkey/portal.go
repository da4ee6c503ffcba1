package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"latchkey/csp"
	"latchkey/internal/audit"
	"latchkey/internal/audit/archive"
	"latchkey/internal/clock"
	"latchkey/internal/cloud"
	"latchkey/internal/config"
	"latchkey/internal/connector/arm"
	"latchkey/internal/jit"
	"latchkey/internal/jit/reconcile"
	"latchkey/internal/mail"
	"latchkey/internal/secret"
	"latchkey/internal/signin"
	"latchkey/internal/web"
)

// portal is a whole Latchkey: pages, life cycle, reconciler, mail and the
// keeping of checkpoints, over one store.
type portal struct {
	config     *config.Config
	clock      clock.Clock
	log        *slog.Logger
	store      store
	cloud      *cloud.Cloud
	app        cloud.Application
	service    *jit.Service
	reconciler *reconcile.Reconciler
	dispatcher *mail.Dispatcher
	archive    *archive.File
	keeper     *audit.Keeper
	doubt      atomic.Pointer[audit.RolledBackError] // set while the log does not continue what was signed
	signer     *audit.Signer
	pages      http.Handler
}

// trimmings are what the demo adds to a portal; a real one has none.
type trimmings struct {
	notice string
	links  []web.Link
}

// openPortal wires the rooms together. It opens the database and speaks to
// nobody else.
func openPortal(ctx context.Context, c *config.Config, clk clock.Clock, log *slog.Logger, extra trimmings) (*portal, error) {
	keys, err := loadSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	p := &portal{config: c, clock: clk, log: log, archive: archive.New(c.CheckpointFile)}
	if p.store, err = openStore(ctx, c.Database); err != nil {
		return nil, err
	}
	if err := p.wire(keys, extra); err != nil {
		return nil, errors.Join(err, p.store.Close())
	}
	return p, nil
}

func (p *portal) wire(keys secret.Secret, extra trimmings) error {
	numbers := jit.NewNumbers(keys.Key(secret.MailNumbers))
	for _, step := range []func() error{
		func() (err error) {
			p.signer, err = audit.NewSigner(audit.Origin(p.config.Estate.Instance), keys.Key(secret.AuditSigning))
			p.keeper = audit.NewKeeper(tree(p.store), p.archive, p.signer, p.clock)
			return err
		},
		func() error { return p.wireCloud() },
		func() error { return p.wireHeart(numbers) },
		func() error { return p.wireMail(numbers) },
		func() error { return p.wirePages(keys, extra) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// wireCloud prepares speaking to Microsoft, with the application's credential.
func (p *portal) wireCloud() (err error) {
	p.cloud, err = cloud.New(cloud.Endpoints{
		Authority: p.config.Cloud.Authority, ResourceManager: p.config.Cloud.ResourceManager,
		Audience: p.config.Cloud.Audience, Roots: p.config.Cloud.Roots,
	})
	if err != nil {
		return err
	}
	id, err := csp.ParseID[cloud.Application](p.config.App.ClientID)
	if err != nil {
		return err
	}
	p.app = cloud.Application{ClientID: id, Secret: p.config.App.Secret.Reveal()}
	if p.config.App.CertificateFile == "" {
		return nil
	}
	p.app.Certificates, p.app.Key, err = readCertificate(p.config.App.CertificateFile)
	return err
}

// readCertificate reads a PEM file that holds a certificate and its key.
func readCertificate(path string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the application's certificate: %w", err)
	}
	certificates, key, err := azidentity.ParseCertificates(pem, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("the application's certificate %s must be one PEM file with the certificate and its unencrypted key", path)
	}
	return certificates, key, nil
}

// wireHeart joins the life cycle, its connectors and the reconciler.
func (p *portal) wireHeart(numbers jit.Numbers) error {
	azure, err := p.azure()
	if err != nil {
		return err
	}
	connectors := map[jit.CloudService]jit.Connector{jit.Azure: azure}
	p.reconciler, err = reconcile.New(reconcile.Options{
		Estate: &p.config.Estate, Store: p.store, Connectors: connectors, Clock: p.clock, Log: p.log,
		Wake: func() { p.dispatcher.Poke() }, Hold: p.hold,
	})
	if err != nil {
		return err
	}
	p.service, err = jit.New(jit.Options{
		Estate: &p.config.Estate, Store: p.store, Connectors: connectors, Numbers: numbers,
		Clock: p.clock, Log: p.log, Wake: p.wake, Hold: p.hold,
	})
	return err
}

// azure makes and removes role assignments.
func (p *portal) azure() (jit.Connector, error) {
	return arm.New(p.cloud, p.app, &p.config.Estate, p.clock)
}

// hold keeps everything from being granted while the log contradicts its own
// checkpoints: a database that was put back may have forgotten that an approval
// was used (security.md, "After a restore" in operations.md).
func (p *portal) hold() string {
	if p.doubt.Load() == nil {
		return ""
	}
	return "its log does not continue what was signed, as after the restore of a backup, and an operator has to look first."
}

// wake lets the reconciler and the mail look for work that a change left.
func (p *portal) wake() {
	p.reconciler.Poke()
	p.dispatcher.Poke()
}

func (p *portal) wireMail(numbers jit.Numbers) error {
	m := p.config.Mail
	composer, err := mail.NewComposer(mail.Options{BaseURL: p.config.BaseURL, From: m.FromAddress, FromName: m.FromName, Numbers: numbers})
	if err != nil {
		return err
	}
	host, portText, err := net.SplitHostPort(m.Server)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return fmt.Errorf("the mail relay's port %q is no number", portText)
	}
	sender, err := mail.NewSender(mail.Relay{Host: host, Port: port, TLS: m.TLS, Username: m.User, Password: m.Password.Reveal()})
	if err != nil {
		return err
	}
	p.dispatcher = mail.NewDispatcher(hostName(), p.store, composer, sender, p.clock, p.log)
	return nil
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "latchkey"
	}
	return name
}

func (p *portal) wirePages(keys secret.Secret, extra trimmings) error {
	door, err := signin.New(signin.Options{
		BaseURL: p.config.BaseURL, Authority: p.config.Cloud.Authority.String(),
		ClientID: p.config.App.ClientID, ClientSecret: p.config.App.Secret.Reveal(), Certificate: p.certificate(),
		Estate: &p.config.Estate, Context: p.config.StepUpContext, Key: keys.Key(secret.WebSessions),
		Client: p.browserlessClient(), Sessions: p.store, Clock: p.clock,
	})
	if err != nil {
		return err
	}
	p.pages, err = web.New(web.Options{
		BaseURL: p.config.BaseURL, Estate: &p.config.Estate, Service: p.service, SignIn: door,
		Log: p.store, LastCheckpoint: p.lastCheckpoint, PublicKey: p.signer.PublicKey(),
		FormKey: keys.Key(secret.WebForms), Clock: p.clock, Logger: p.log, Notice: extra.notice, Links: extra.links,
	})
	return err
}

// certificate proves the application where codes are redeemed; nil where a
// client secret does.
func (p *portal) certificate() *signin.Certificate {
	if p.app.Key == nil {
		return nil
	}
	return &signin.Certificate{Leaf: p.app.Certificates[0], Key: p.app.Key}
}

// browserlessClient reads discovery documents and keys, and redeems codes.
func (p *portal) browserlessClient() *http.Client {
	return &http.Client{
		Timeout:   15 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: p.config.Cloud.Roots, MinVersion: tls.VersionTLS12}},
	}
}

// lastCheckpoint reads the newest signed checkpoint from the archive.
func (p *portal) lastCheckpoint(context.Context) (audit.Checkpoint, bool, error) {
	signed, ok, err := p.archive.Last()
	if err != nil || !ok {
		return audit.Checkpoint{}, false, err
	}
	checkpoint, err := audit.OpenCheckpoint(signed, p.signer.PublicKey())
	return checkpoint, err == nil, err
}

// inviteContacts makes every contact of the configuration known; who is new
// gets an enrolment mail.
func (p *portal) inviteContacts(ctx context.Context) error {
	for _, customer := range p.config.Estate.Customers {
		for _, contact := range customer.Contacts {
			if _, err := p.service.Invite(ctx, customer.Tenant.ID, contact); err != nil {
				return fmt.Errorf("inviting %s of %s: %w", contact.Name, customer.Tenant.Name, err)
			}
		}
	}
	return nil
}

// takeUp prepares what the last run left. A SQLite file serves one process, so
// whatever is leased in it belongs to one that is gone.
func (p *portal) takeUp(ctx context.Context) error {
	if p.config.Database.SQLite != "" {
		if err := p.store.ReleaseLeases(ctx); err != nil {
			return err
		}
	}
	p.sign(ctx) // before anything is granted
	return p.inviteContacts(ctx)
}

// How often the log is signed when it grew, and ended sessions are cleared away.
const (
	signEvery  = 5 * time.Second
	clearEvery = time.Hour
	// closeWithin bounds how long requests under way may take at the end.
	closeWithin = 10 * time.Second
)

// run serves until the context ends, then lets what is under way finish, signs
// the log once more and closes the database.
func (p *portal) run(ctx context.Context, listener net.Listener) error {
	if err := p.takeUp(ctx); err != nil {
		return errors.Join(err, p.store.Close())
	}
	server := &http.Server{
		Handler: behindProxies(p.config.TrustedProxies, p.pages), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var rooms sync.WaitGroup
	rooms.Go(func() { p.reconciler.Run(ctx) })
	rooms.Go(func() { p.dispatcher.Run(ctx) })
	rooms.Go(func() { p.keepBooks(ctx) })
	rooms.Go(func() { <-ctx.Done(); p.closeServer(ctx, server) })
	err := p.serve(server, listener)
	stop()
	rooms.Wait()
	return errors.Join(err, p.store.Close())
}

func (p *portal) serve(server *http.Server, listener net.Listener) error {
	var err error
	if files := p.config.TLS; files.CertificateFile != "" {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		err = server.ServeTLS(listener, files.CertificateFile, files.KeyFile)
	} else {
		err = server.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (p *portal) closeServer(ctx context.Context, server *http.Server) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	if err := server.Shutdown(bounded); err != nil {
		p.log.Warn("requests under way were cut off", "error", err)
	}
}

// keepBooks signs the log as it grows and clears away ended sessions.
func (p *portal) keepBooks(ctx context.Context) {
	clearing := p.clock.Now()
	for {
		p.sign(ctx)
		if now := p.clock.Now(); now.After(clearing) {
			clearing = now.Add(clearEvery)
			if err := p.store.DropSessionsBefore(ctx, now); err != nil {
				p.log.Warn("ended sessions were not cleared away", "error", err)
			}
		}
		timer := p.clock.TimerAt(p.clock.Now().Add(signEvery))
		select {
		case <-ctx.Done():
			timer.Stop()
			p.sign(context.WithoutCancel(ctx))
			return
		case <-timer.C:
		}
	}
}

// sign signs the log if it grew. A log that does not continue what was signed is
// never signed, and nothing is granted on it; removals go on.
func (p *portal) sign(ctx context.Context) {
	_, err := p.keeper.Keep(ctx)
	doubt, _ := errors.AsType[*audit.RolledBackError](err)
	p.doubt.Store(doubt)
	if err != nil {
		p.log.Error("the log was not signed", "error", err)
	}
}
