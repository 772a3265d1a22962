// Writes the dashboard of Grafana: deploy/helm/portcullis/files/dashboard.json.
//
// Usage: `node scripts/dashboard.mjs`. A test holds the file and the panels of
// scripts/dashboard/ equal.
import { writeFileSync } from 'node:fs';
import { dashboardFile, dashboardText } from './dashboard/dashboard.mjs';

writeFileSync(dashboardFile, dashboardText());
