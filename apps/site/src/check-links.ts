// Whether a built site is whole: every link inside it leads to a page and to a place on it, and nothing is fetched from elsewhere when
// a page is looked at. Reads files, opens no connection; links that leave the site are for the reader to follow.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

export interface SiteReport {
  readonly pages: number;
  readonly links: number;
  /** Sentences; empty when all is well. */
  readonly problems: readonly string[];
}

export function checkSite(folder: string): SiteReport {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  const places = new Map<string, ReadonlySet<string>>();
  const placesOn = (file: string): ReadonlySet<string> => {
    const known = places.get(file) ?? new Set(attributes(readFileSync(file, "utf8"), "id"));
    places.set(file, known);
    return known;
  };

  const problems: string[] = [];
  let links = 0;
  for (const name of files) {
    const file = join(folder, name);
    const text = withoutCode(readFileSync(file, "utf8"));
    for (const href of attributes(text, "href", "a")) {
      if (/^(https?|mailto):/.test(href)) continue;
      links += 1;
      const [path = "", anchor = ""] = href.split("#");
      const target = path === "" ? file : resolve(dirname(file), decodeURI(path.split("?")[0] ?? ""));
      // A folder would do on a server; the site is also read as files.
      const isPage = existsSync(target) && !statSync(target).isDirectory();
      const inside = !relative(folder, target).startsWith(`..${sep}`);
      if (!inside || !isPage) problems.push(`${name}: ${href} leads nowhere`);
      else if (anchor !== "" && target.endsWith(".html") && !placesOn(target).has(decodeURIComponent(anchor)))
        problems.push(`${name}: ${href} leads to no place on that page`);
    }
    for (const [tag, attribute] of FETCHED) {
      for (const url of attributes(text, attribute, tag)) {
        if (/^(data|blob):/.test(url)) continue;
        if (/^([a-z]+:)?\/\//.test(url)) problems.push(`${name}: <${tag}> fetches ${url} from elsewhere`);
        else if (!existsSync(resolve(dirname(file), url.split(/[?#]/)[0] ?? "")))
          problems.push(`${name}: <${tag}> fetches ${url}, which is not there`);
      }
    }
  }
  return { pages: files.length, links, problems: [...problems, ...foreignStyles(folder)] };
}

/** What a browser fetches by itself. */
const FETCHED: readonly (readonly [tag: string, attribute: string])[] = [
  ["script", "src"],
  ["link", "href"],
  ["img", "src"],
  ["iframe", "src"],
  ["source", "src"],
];

function foreignStyles(folder: string): readonly string[] {
  const styles = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".css"));
  return styles.flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(/(?:url\(|@import)\s*["']?((?:https?:)?\/\/[^"')\s]+)/g)].map(
      ([, url]) => `${name}: fetches ${url} from elsewhere`,
    ),
  );
}

function attributes(html: string, attribute: string, tag = "[a-z][a-z0-9-]*"): readonly string[] {
  const found = html.matchAll(new RegExp(`<${tag}(?=\\s)[^>]*?\\s${attribute}="([^"]*)"`, "g"));
  return [...found].map(([, value = ""]) => value.replaceAll("&amp;", "&").replaceAll("&quot;", '"'));
}

/** Scripts may hold text that looks like a tag. */
function withoutCode(html: string): string {
  return html.replace(/(<script\b[^>]*>)[\s\S]*?<\/script>/g, "$1</script>");
}
