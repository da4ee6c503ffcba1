package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
)

//go:embed static
var staticFiles embed.FS

const assetPrefix = "/static/"

// assets are the portal's own files, each under a path that holds its hash: a
// browser may keep it for ever, and a new version has a new path.
type assets struct {
	bodies map[string][]byte // by path under assetPrefix
	paths  map[string]string // by file name
}

func loadAssets() (assets, error) {
	a := assets{bodies: make(map[string][]byte), paths: make(map[string]string)}
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return a, err
	}
	for _, file := range files {
		body, err := fs.ReadFile(staticFiles, path.Join("static", file.Name()))
		if err != nil {
			return a, err
		}
		sum := sha256.Sum256(body)
		address := assetPrefix + hex.EncodeToString(sum[:6]) + "/" + file.Name()
		a.bodies[address] = body
		a.paths[file.Name()] = address
	}
	return a, nil
}

func (p *Portal) asset(w http.ResponseWriter, r *http.Request) {
	body, ok := p.assets.bodies[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(path.Ext(r.URL.Path)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// contentType is our own small table: the system's may differ from host to host.
func contentType(extension string) string {
	switch extension {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}
