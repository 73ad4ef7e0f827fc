"use client";

import { type ReactNode, useEffect, useState } from "react";
import { answer } from "./answer";

export function InTheBrowser({ servers }: { readonly servers: string }): ReactNode {
  const [said, say] = useState("");
  useEffect(() => {
    answer(servers).then(say, (error: unknown) => say(`failed: ${String(error)}`));
  }, [servers]);
  return <p id="browser">{said}</p>;
}
