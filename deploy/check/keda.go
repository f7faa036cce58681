package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// scaledObject has the fields of KEDA's ScaledObject (https://keda.sh/docs/2.17/reference/scaledobject-spec) that a chart could
// set. KEDA's own module brings a hundred others.
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec scaledObjectSpec `json:"spec"`
}

type scaledObjectSpec struct {
	ScaleTargetRef  scaleTarget    `json:"scaleTargetRef"`
	PollingInterval *int32         `json:"pollingInterval,omitempty"`
	CooldownPeriod  *int32         `json:"cooldownPeriod,omitempty"`
	IdleReplicas    *int32         `json:"idleReplicaCount,omitempty"`
	MinReplicas     *int32         `json:"minReplicaCount,omitempty"`
	MaxReplicas     *int32         `json:"maxReplicaCount,omitempty"`
	Triggers        []scaleTrigger `json:"triggers"`
}

type scaleTarget struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Name       string `json:"name"`
}

type scaleTrigger struct {
	Type       string            `json:"type"`
	Name       string            `json:"name,omitempty"`
	MetricType string            `json:"metricType,omitempty"`
	Metadata   map[string]string `json:"metadata"`
}

// DeepCopyObject makes it an object; nothing here changes one.
func (object *scaledObject) DeepCopyObject() runtime.Object {
	copied := *object
	return &copied
}

func init() {
	kind := schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"}
	scheme.Scheme.AddKnownTypeWithName(kind, &scaledObject{})
}
