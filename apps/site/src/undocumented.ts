// What is public and has no docstring: every exported name, and every member of what is exported. Knows TypeDoc's model of the
// packages, and judges nothing but whether there is a text.

import { type DeclarationReflection, type ProjectReflection, ReflectionKind } from "typedoc";

/** Full names with their files, sorted; empty when all is well. */
export function undocumented(project: ProjectReflection): readonly string[] {
  const found = new Set<string>();
  const note = (reflection: DeclarationReflection): void => {
    const file = project.getSymbolIdFromReflection(reflection);
    found.add(`${reflection.getFriendlyFullName()} (${file?.packageName}/${file?.packagePath})`);
  };
  const judge = (reflection: DeclarationReflection): void => {
    if (reflection.kindOf(ReflectionKind.Reference)) return;
    if (!isOwn(reflection)) return;
    if (!isDocumented(reflection) && !saysItself(reflection)) note(reflection);
    for (const child of membersOf(reflection)) judge(child);
  };
  for (const module of project.children ?? []) for (const child of module.children ?? []) judge(child);
  return [...found].sort();
}

/** Declared here, and not taken over from a class above, where it is documented or not ours. */
function isOwn(reflection: DeclarationReflection): boolean {
  return reflection.inheritedFrom === undefined && !reflection.flags.isExternal;
}

/** An override says what the original says, unless it says more. */
function isDocumented(reflection: DeclarationReflection): boolean {
  const texts = [reflection, ...(reflection.signatures ?? []), reflection.getSignature, reflection.setSignature];
  return reflection.overwrites !== undefined || texts.some((at) => at?.hasComment() === true);
}

/** `kind: "dial"`, `type: "ping"`, `op: "SUB"`: which of several a value is; the type tells all there is. */
function saysItself({ name, type }: DeclarationReflection): boolean {
  return /^(kind|type|op)$/.test(name) && type?.type === "literal";
}

// Members of what a constant or a parameter holds, and of one shape among several in a union, are told of where those are.
function membersOf(reflection: DeclarationReflection): readonly DeclarationReflection[] {
  const named = ReflectionKind.Class | ReflectionKind.Interface | ReflectionKind.Enum | ReflectionKind.TypeAlias;
  if (!reflection.kindOf(named)) return [];
  const own = (reflection.children ?? []).filter((child) => !child.kindOf(ReflectionKind.Constructor));
  const { type } = reflection;
  const parts = type?.type === "intersection" ? type.types : [];
  return [...own, ...parts.flatMap((part) => (part.type === "reflection" ? (part.declaration.children ?? []) : []))];
}
