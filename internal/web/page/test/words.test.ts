// The words: every key that the sources name is there in three languages, every key
// that is there is named, and places and plural forms are those of the language.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { IntlMessageFormat } from "intl-messageformat";
import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import en from "../src/words/en.json";
import fr from "../src/words/fr.json";
import ar from "../src/words/ar.json";

const tables: Record<string, Record<string, string>> = { en, fr, ar };
const locales: Record<string, string> = { en: "en-GB", fr: "fr-FR", ar: "ar-MA-u-nu-latn" };

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && name !== "api.ts")
  .map((name) => readFileSync(`src/${name}`, "utf8"));

// What sources name: whole keys, and beginnings of keys: word("state", code), and
// templates such as `study.key.${n}`.
const strings = new Set(sources.flatMap((text) => [...text.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map((m) => m[1]!)));
const groups = new Set([
  ...sources.flatMap((text) => [...text.matchAll(/\bword\(\s*"([\w.]+)"/g)].map((m) => `${m[1]}.`)),
  ...sources.flatMap((text) => [...text.matchAll(/\bgroup: "([\w.]+)"/g)].map((m) => `${m[1]}.`)),
  ...sources.flatMap((text) => [...text.matchAll(/`([a-z][\w.]*\.)\$\{/g)].map((m) => m[1]!)),
]);

test("every language has the same keys, in order, and none is empty", () => {
  for (const [language, table] of Object.entries(tables)) {
    assert.deepEqual(Object.keys(table).sort(), Object.keys(en).sort(), language);
    for (const [key, text] of Object.entries(table)) assert.notEqual(text.trim(), "", `${language} ${key}`);
  }
});

test("every key that a source says is there", () => {
  const said = sources.flatMap((text) => [...text.matchAll(/\b(?:say|useTitle)\(\s*"([\w.]+)"/g)].map((m) => m[1]!));
  assert.ok(said.length > 100, "the sources were not read");
  assert.deepEqual(said.filter((key) => !(key in en)), []);
});

test("every group of codes that a source names has words", () => {
  const keys = Object.keys(en);
  assert.deepEqual([...groups].filter((group) => !keys.some((key) => key.startsWith(group))), []);
});

test("every key is named by a source", () => {
  assert.deepEqual(Object.keys(en).filter((key) => !strings.has(key) && ![...groups].some((group) => key.startsWith(group))), []);
});

interface Place { name: string; plural: string[] | null }

function places(elements: MessageFormatElement[]): Place[] {
  return elements.flatMap((one): Place[] => {
    if (one.type === TYPE.argument || one.type === TYPE.number || one.type === TYPE.date || one.type === TYPE.time) return [{ name: one.value, plural: null }];
    if (one.type === TYPE.plural || one.type === TYPE.select) {
      const forms = Object.values(one.options).flatMap((option) => places(option.value));
      return [{ name: one.value, plural: one.type === TYPE.plural ? Object.keys(one.options) : null }, ...forms];
    }
    return [];
  });
}

const namesOf = (text: string): string[] => [...new Set(places(parse(text)).map((one) => one.name))].sort();

test("every place is in all languages", () => {
  for (const key of Object.keys(en)) {
    for (const [language, table] of Object.entries(tables)) assert.deepEqual(namesOf(table[key]!), namesOf(en[key as keyof typeof en]), `${language} ${key}`);
  }
});

// French "many" is for whole millions.
const wanted: Record<string, string[]> = { en: ["one", "other"], fr: ["one", "other"], ar: ["zero", "one", "two", "few", "many", "other"] };

test("plurals have the forms of their language", () => {
  for (const [language, table] of Object.entries(tables)) {
    assert.ok(wanted[language]!.every((form) => new Intl.PluralRules(locales[language]).resolvedOptions().pluralCategories.includes(form as Intl.LDMLPluralRule)));
    for (const [key, text] of Object.entries(table)) {
      for (const { plural } of places(parse(text))) if (plural) assert.deepEqual(wanted[language]!.filter((form) => !plural.includes(form)), [], `${language} ${key}`);
    }
  }
});

test("every sentence can be said, and shows what fills its places", () => {
  for (const [language, table] of Object.entries(tables)) {
    for (const [key, text] of Object.entries(table)) {
      const found = places(parse(text));
      const plural = new Set(found.filter((one) => one.plural).map((one) => one.name));
      const values = Object.fromEntries(found.map(({ name }) => [name, plural.has(name) ? 7 : `<${name}>`]));
      const said = String(new IntlMessageFormat(text, locales[language]).format(values));
      for (const name of Object.keys(values)) if (!plural.has(name)) assert.ok(said.includes(`<${name}>`), `${language} ${key}: ${said}`);
      assert.ok(!/[{}]/.test(said), `${language} ${key}: ${said}`);
    }
  }
});

// An ASCII apostrophe before a brace would quote the place away.
test("French writes the apostrophe of French", () => {
  assert.deepEqual(Object.entries(fr).filter(([, text]) => text.includes("'")).map(([key]) => key), []);
});

test("nothing says that a scan is free of disease", () => {
  for (const [language, forbidden] of Object.entries({ en: /\b(is|looks|scan|study) (normal|clear)\b|\ball clear\b/i, fr: /\b(examen|scanner) normal\b|\bRAS\b/i, ar: /(الفحص|التصوير) (سليم|طبيعي)/ })) {
    for (const [key, text] of Object.entries(tables[language]!)) assert.ok(!forbidden.test(text), `${language} ${key}`);
  }
});

test("millimetres are mm, and numbers stand before them in Arabic too", () => {
  for (const [key, text] of Object.entries(ar)) {
    assert.doesNotMatch(text, /(^|[^\p{L}])مم($|[^\p{L}])/u, key);
    for (const [at] of text.matchAll(/.?(\d[\d.]*|\{\w+\})\s(?:mm|cm)\b/gu)) assert.match(at, /^\u200e/, `${key}: ${text}`);
    for (const [at] of text.matchAll(/.?(?:\d[\d.]*|\{\w+\})%/gu)) assert.match(at, /^\u200e/, `${key}: ${text}`);
    assert.doesNotMatch(text, /\d,\d/, `${key}: Arabic has a decimal point here`);
  }
  for (const [key, text] of Object.entries(fr)) assert.doesNotMatch(text, /\d\.\d+\s(?:mm|cm|s|%)/, key);
});
