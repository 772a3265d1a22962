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

{{/* The URLs of one endpoint, as YAML: `resource`, or its hosts, or publicUrl, each with the path. */}}
{{- define "portcullis.urls" -}}
{{- $publicUrl := .publicUrl -}}
{{- with .endpoint -}}
{{- $path := eq .path "/" | ternary "" .path -}}
{{- $urls := list (printf "%s%s" $publicUrl $path) -}}
{{- if .resource -}}
{{- $urls = kindIs "string" .resource | ternary (list .resource) .resource -}}
{{- else if .host -}}
{{- $urls = list -}}
{{- range (kindIs "string" .host | ternary (list .host) .host) -}}
{{- $urls = append $urls (printf "https://%s%s" (lower .) $path) -}}
{{- end -}}
{{- end -}}
{{- toYaml $urls -}}
{{- end -}}
{{- end -}}

{{/* The hosts of the configuration, as YAML: clients use no others. */}}
{{- define "portcullis.hosts" -}}
{{- include "portcullis.checks" . -}}
{{- $publicUrl := .Values.config.publicUrl -}}
{{- $hosts := list (lower (urlParse $publicUrl).hostname) -}}
{{- range $endpoint := .Values.config.endpoints -}}
{{- range (include "portcullis.urls" (dict "endpoint" $endpoint "publicUrl" $publicUrl) | fromYamlArray) -}}
{{- $hosts = append $hosts (lower (urlParse .).hostname) -}}
{{- end -}}
{{- end -}}
{{- toYaml ($hosts | uniq) -}}
{{- end -}}
