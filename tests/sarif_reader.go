// SPDX-License-Identifier: Apache-2.0
// Read a SARIF log with the types of Debian's golang-github-haya14busa-go-sarif-dev, and print of
// each result what a viewer shows.
package main

import (
	"fmt"
	"os"

	"github.com/haya14busa/go-sarif/sarif"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	log, err := sarif.UnmarshalSarif(data)
	if err != nil {
		panic(err)
	}
	run := log.Runs[0]
	for _, r := range run.Results {
		rule := run.Tool.Driver.Rules[*r.RuleIndex]
		if rule.ID != *r.RuleID {
			panic(*r.RuleID)
		}
		fmt.Printf("%s|%s|%s|%d|%s\n", *r.Level, rule.ID,
			*r.Locations[0].PhysicalLocation.ArtifactLocation.URI, len(r.Suppressions),
			*r.Message.Text)
	}
}
