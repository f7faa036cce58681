package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/strvals"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	release   = "flow"
	namespace = "default"
)

func checkChart(folder string, changes []string) error {
	values := map[string]any{}
	for _, change := range changes {
		if err := strvals.ParseInto(change, values); err != nil {
			return fmt.Errorf("%s: %w", change, err)
		}
	}
	if err := lintChart(folder, values); err != nil {
		return err
	}
	objects, err := render(folder, values)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := readStrictly(object); err != nil {
			return fmt.Errorf("%w in\n%s", err, object)
		}
	}
	fmt.Println(strings.Join(objects, "\n---\n"))
	return nil
}

// lintChart takes warnings for errors, as "helm lint --strict" does.
func lintChart(folder string, values map[string]any) error {
	var found []error
	for _, message := range lint.AllWithKubeVersion(folder, values, namespace, nil).Messages {
		if message.Severity >= support.WarningSev {
			found = append(found, message)
		}
	}
	return errors.Join(found...)
}

func render(folder string, values map[string]any) ([]string, error) {
	chart, err := loader.Load(folder)
	if err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, options, nil)
	if err != nil {
		return nil, err
	}
	files, err := engine.Engine{Strict: true}.Render(chart, all)
	if err != nil {
		return nil, err
	}
	var objects []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		manifests := releaseutil.SplitManifests(files[name])
		for _, key := range slices.Sorted(maps.Keys(manifests)) {
			objects = append(objects, manifests[key])
		}
	}
	return objects, nil
}

// readStrictly reads an object as the API server does for "kubectl apply": a field that there is not, or that there is
// twice, is an error.
func readStrictly(object string) error {
	strict := json.NewSerializerWithOptions(
		json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true},
	)
	_, _, err := strict.Decode([]byte(object), nil, nil)
	return err
}
