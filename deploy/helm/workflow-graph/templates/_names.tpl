{{- define "workflow-graph.labels" -}}
app.kubernetes.io/name: workflow-graph
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "workflow-graph.environment" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.secret }}
      key: {{ .Values.database.key }}
{{- if .Values.database.listenKey }}
- name: DATABASE_LISTEN_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.secret }}
      key: {{ .Values.database.listenKey }}
{{- end }}
- name: LOG_FORMAT
  value: json
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/*
How many jobs wait that a pool may run, in PromQL: those of which it has all required labels. All servers say the same number. A worker
without labels gets the jobs that require none, and so does any other unless it is onlyLabelled.
*/}}
{{- define "workflow-graph.waitingJobs" -}}
{{- $labels := list -}}
{{- range get . "labels" | default list }}{{ $labels = append $labels (regexQuoteMeta .) }}{{ end -}}
{{- $some := printf "(%s)(,(%s))*" ($labels | join "|") ($labels | join "|") -}}
{{- if not $labels }}{{ $some = "" }}{{ else if not (get . "onlyLabelled") }}{{ $some = printf "(%s)?" $some }}{{ end -}}
sum(max by (labels) (workflow_graph_jobs_queued{labels=~`{{ $some }}`})) or vector(0)
{{- end }}
