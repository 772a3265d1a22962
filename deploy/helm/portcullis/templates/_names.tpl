{{/* The name of all objects. */}}
{{- define "portcullis.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains "portcullis" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-portcullis" (.Release.Name | trunc 39 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "portcullis.selectorLabels" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "portcullis.labels" -}}
{{ include "portcullis.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The head of an object: `name`, `root`, and maybe `labels` and `annotations`. */}}
{{- define "portcullis.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "portcullis.labels" .root | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "portcullis.adminName" -}}
{{ include "portcullis.fullname" . }}-admin
{{- end -}}

{{- define "portcullis.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "portcullis.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "portcullis.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the session keys, or nothing. */}}
{{- define "portcullis.sessionSecret" -}}
{{- if .Values.sessionKeys.existingSecret -}}
{{- .Values.sessionKeys.existingSecret -}}
{{- else if .Values.sessionKeys.values -}}
{{- include "portcullis.fullname" . }}-session
{{- end -}}
{{- end -}}

{{/* The hosts of the configuration, as YAML: clients use no others. */}}
{{- define "portcullis.hosts" -}}
{{- $hosts := list (urlParse .Values.config.publicUrl).hostname -}}
{{- range .Values.config.endpoints -}}
{{- with .resource -}}
{{- $hosts = append $hosts (urlParse .).hostname -}}
{{- end -}}
{{- end -}}
{{- toYaml ($hosts | uniq) -}}
{{- end -}}
