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
