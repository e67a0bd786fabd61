// The licences of what is in the bundle: names, versions and texts of every
// package of which the bundle has a byte.
import { readFile, readdir } from "node:fs/promises";

/** The text of dist/licences.txt. It throws where a package names no licence. */
export async function licences(metafiles) {
  const roots = new Set();
  for (const metafile of metafiles) {
    for (const output of Object.values(metafile.outputs)) {
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
        const root = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
        if (root && bytesInOutput > 0) roots.add(root);
      }
    }
  }
  const parts = await Promise.all([...roots].sort().map(licence));
  return `Nafas itself: Apache-2.0. The page is built with the following works of others.\n\n${[...new Set(parts)].join("\n")}`;
}

async function licence(root) {
  const { name, version, license, author, repository } = JSON.parse(await readFile(`${root}/package.json`, "utf8"));
  const file = (await readdir(root)).sort().find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const source = typeof repository === "string" ? repository : repository?.url ?? "";
  const text = file ? await readFile(`${root}/${file}`, "utf8") : `No text comes with the package. By ${author?.name ?? author ?? "its authors"}; ${source}`;
  if (!license) throw new Error(`${name} ${version} names no licence`);
  const plain = text.replaceAll("\r\n", "\n").split("\n").map((line) => line.trimEnd()).join("\n").trim();
  return `${"=".repeat(72)}\n${name} ${version}: ${typeof license === "string" ? license : license.type}\n${"=".repeat(72)}\n${plain}\n`;
}
