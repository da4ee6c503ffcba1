package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// report prints the results as Markdown.
func report(w io.Writer, o options, sizes map[size]string, results []result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s, %d cores, %s %s/%s, load average %s at the end. Seed %d, %s questions, one at a time. ",
		processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load(), o.seed, thousands(o.questions))
	fmt.Fprintf(&b, "Every answer of every engine was compared with the plain meaning; all agree. Reading the clock adds about %d ns to each time.\n\n", clock().Nanoseconds())
	for _, s := range []size{o.size, o.size / smaller} {
		if counts, ok := sizes[s]; ok {
			fmt.Fprintf(&b, "- Size %g: %s\n", float64(s), counts)
		}
	}
	b.WriteString("\n| question | engine | median ns/op | p99 ns/op | times Latchkey | size | version |\n|---|---|---:|---:|---:|---:|---|\n")
	for yes, question := range []string{"can he? (no)", "can he? (yes)"} {
		for _, r := range results {
			t := r.answers[yes]
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %g | %s |\n", question, r.peer.name,
				thousands(int(t.at(0.5).Nanoseconds())), thousands(int(t.at(0.99).Nanoseconds())), ratio(r, results, yes), float64(r.size), version(r.peer.module))
		}
	}
	b.WriteString("\n| engine | size | load | memory | modelled as |\n|---|---:|---:|---:|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %g | %s | %s MiB | %s |\n", r.peer.name, float64(r.size), r.loaded.Round(10*time.Millisecond), thousands(int(r.memory>>20)), r.peer.how)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ratio compares medians with Latchkey's at the same size.
func ratio(r result, results []result, yes int) string {
	for _, other := range results {
		if other.peer.name == latchkey.name && other.size == r.size {
			if base := other.answers[yes].at(0.5); base > 0 {
				return fmt.Sprintf("%.1f", float64(r.answers[yes].at(0.5))/float64(base))
			}
		}
	}
	return "-"
}

// version is that of the module in this program.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, m := range info.Deps {
			if m.Path == module && m.Replace == nil {
				return m.Version
			}
		}
	}
	return "this tree"
}

// processor is the name that Linux gives the processor.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// load is how busy the machine was in the last minute, this program included:
// beside others that work, all times grow, and not alike.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
