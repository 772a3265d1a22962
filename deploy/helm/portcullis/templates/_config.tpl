{{/* The configuration as the gateway reads it: `config` with the fields that the chart sets. */}}
{{- define "portcullis.config" -}}
{{- include "portcullis.checks" . -}}
{{- $config := deepCopy .Values.config -}}
{{- $name := include "portcullis.adminName" . -}}
{{- $inNamespace := printf "%s.%s" $name .Release.Namespace -}}
{{- $ownNames := list $name $inNamespace (printf "%s.svc" $inNamespace) (printf "%s.svc.cluster.local" $inNamespace) -}}
{{- $hosts := concat (dig "admin" "hosts" list $config) $ownNames | uniq -}}
{{- $_ := set $config "listen" (dict "host" .Values.listenHost "port" 8080) -}}
{{- $_ := set $config "admin" (dict "host" .Values.listenHost "port" 9090 "hosts" $hosts) -}}
{{- $_ := set $config "drain" (dict "delaySeconds" .Values.drain.delaySeconds) -}}
{{- if ne (toString .Values.workers) "1" -}}
{{- $_ := set $config "workers" (kindIs "string" .Values.workers | ternary .Values.workers (int .Values.workers)) -}}
{{- end -}}
{{- if include "portcullis.sessionSecret" . -}}
{{- $_ := set $config "sessionKeys" (list "${file:/etc/portcullis/secrets/session/keys}") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Fails where the pods could not start, or could not be reached. */}}
{{- define "portcullis.checks" -}}
{{- $config := .Values.config -}}
{{- if not (and $config.publicUrl $config.endpoints) -}}
{{- fail "\n\nconfig: write publicUrl, issuers and endpoints of your gateway, such as\n\n  config:\n    publicUrl: https://mcp.example.com\n    issuers:\n      main: { issuer: https://auth.example.com }\n    endpoints:\n      - path: /files/mcp\n        issuers: [main]\n        upstream: http://files.default.svc:3000/mcp\n" -}}
{{- end -}}
{{- if hasKey $config "listen" -}}
{{- fail "\n\nconfig.listen: remove it. The chart sets it, because the Services need port 8080. The value listenHost has the address.\n" -}}
{{- end -}}
{{- range $field := list "host" "port" -}}
{{- if hasKey (default dict $config.admin) $field -}}
{{- fail (printf "\n\nconfig.admin.%s: remove it. The chart sets it, because the probes need port 9090. The value listenHost has the address.\n" $field) -}}
{{- end -}}
{{- end -}}
{{- if hasKey $config "drain" -}}
{{- fail "\n\nconfig.drain: remove it. The value drain.delaySeconds sets it, together with the grace period of the pods.\n" -}}
{{- end -}}
{{- if hasKey $config "workers" -}}
{{- fail "\n\nconfig.workers: remove it. The value workers sets it.\n" -}}
{{- end -}}
{{- include "portcullis.checkSessionKeys" . -}}
{{- include "portcullis.checkReferences" . -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "\n\nhttpRoute.parentRefs: name your Gateway, such as [{ name: public, namespace: gateways }]\n" -}}
{{- end -}}
{{- if and .Values.sidecars (semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail "\n\nsidecars: they need Kubernetes 1.29 or later, so that they end after the gateway\n" -}}
{{- end -}}
{{- end -}}

{{- define "portcullis.checkSessionKeys" -}}
{{- $keys := .Values.sessionKeys -}}
{{- $inConfig := hasKey .Values.config "sessionKeys" -}}
{{- if and $keys.existingSecret $keys.values -}}
{{- fail "\n\nsessionKeys: write existingSecret or values, not both\n" -}}
{{- end -}}
{{- if and $inConfig (include "portcullis.sessionSecret" .) -}}
{{- fail "\n\nconfig.sessionKeys: remove it, or remove the value sessionKeys: both name the same keys\n" -}}
{{- end -}}
{{- $several := or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) -}}
{{- if and $several (not $inConfig) (not (include "portcullis.sessionSecret" .)) -}}
{{- fail (printf "\n\nsessionKeys: more than one replica needs a key that all of them share, or clients of the legacy MCP revisions lose their sessions. Make a Secret:\n\n  kubectl -n %s create secret generic portcullis-session --from-literal=session-keys=\"$(openssl rand -base64 32)\"\n\nThen write the value sessionKeys: { existingSecret: portcullis-session }. A single replica works without it: replicaCount: 1\n" .Release.Namespace) -}}
{{- end -}}
{{- end -}}

{{/* Each file below /etc/portcullis/secrets and each variable of the configuration exists. */}}
{{- define "portcullis.checkReferences" -}}
{{- $files := list -}}
{{- if include "portcullis.sessionSecret" . -}}
{{- $files = append $files "session/keys" -}}
{{- end -}}
{{- $names := list "session" -}}
{{- range $secret := .Values.secrets -}}
{{- if has $secret.name $names -}}
{{- fail (printf "\n\nsecrets: the name %s is taken; choose another one\n" $secret.name) -}}
{{- end -}}
{{- $names = append $names $secret.name -}}
{{- range $secret.keys -}}
{{- $files = append $files (printf "%s/%s" $secret.name .) -}}
{{- end -}}
{{- end -}}
{{- $text := toJson .Values.config -}}
{{- range regexFindAll "/etc/portcullis/secrets/[^}\"]+" $text -1 -}}
{{- $file := trimPrefix "/etc/portcullis/secrets/" . -}}
{{- if not (has $file $files) -}}
{{- fail (printf "\n\nconfig: no entry of secrets has the file %s; write { name: NAME, secretName: SECRET, keys: [KEY] } for .../secrets/NAME/KEY\n" .) -}}
{{- end -}}
{{- end -}}
{{- $variables := list -}}
{{- range .Values.extraEnv -}}
{{- if eq .name "PORTCULLIS_CONFIG" -}}
{{- fail "\n\nextraEnv: remove PORTCULLIS_CONFIG. The chart sets it: the gateway reads the value config, and no other file.\n" -}}
{{- end -}}
{{- $variables = append $variables .name -}}
{{- end -}}
{{- if not .Values.extraEnvFrom -}}
{{- range regexFindAll "\\$\\{env:[^}]+" $text -1 -}}
{{- $name := trimPrefix "${env:" . -}}
{{- if not (has $name $variables) -}}
{{- fail (printf "\n\nconfig: no entry of extraEnv has the variable %s\n" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
