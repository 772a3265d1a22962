// Runs `portcullis schema`: prints the JSON Schema of the configuration, for editors and for tools.
import { parseArgs } from 'node:util';
import { jsonSchema } from '../config/schema/json-schema.js';
import { type CommandIo, processIo } from './command-io.js';

export const schemaHelp = `\
portcullis schema

Prints the JSON Schema of the configuration (draft 2020-12). Write it beside your file, and name it
in the first line of that file, so that an editor completes fields and marks mistakes:

  portcullis schema > config.schema.json
  # yaml-language-server: $schema=./config.schema.json

  --help   this text

The schema accepts every configuration that the gateway accepts. portcullis check --offline also
checks rules across fields and secrets.
Exit codes: 0 printed, 2 bad command line.`;

export async function schema(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { help: { type: 'boolean', short: 'h' } },
  });
  io.write(values.help ? schemaHelp : JSON.stringify(jsonSchema(), null, 2));
  return 0;
}
