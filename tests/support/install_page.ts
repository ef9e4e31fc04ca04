/** A block of code of a page. */
export interface Block {
  readonly language: string;
  readonly code: string;
}

/** The blocks of each section of a page, by its heading. */
export function blocksBySection(page: string): Map<string, Block[]> {
  const sections = new Map<string, Block[]>();
  for (const [, heading = "", body = ""] of page.matchAll(/^## (.*)$([^]*?)(?=^## |$(?![^]))/gm)) {
    const blocks = body.matchAll(/^```(\w+)\n([^]*?)^```$/gm);
    sections.set(heading, [...blocks].map(([, language = "", code = ""]) => ({ language, code })));
  }
  return sections;
}

/** A step of a workflow. */
export interface WorkflowStep {
  readonly id: string | undefined;
  readonly command: string;
  /** Without one it runs if no step before it failed. */
  readonly condition: string | undefined;
}

/** The commands of a workflow of one job, in their order. */
export function workflowSteps(workflow: string): WorkflowStep[] {
  return workflow.split(/^ +- /m).slice(1).flatMap((step) => {
    const field = (name: string) => new RegExp(`^ *${name}: (.*)$`, "m").exec(step)?.[1];
    const command = field("run");
    return command === undefined ? [] : [{ id: field("id"), command, condition: field("if") }];
  });
}

/** Whether a condition of `always()` and outcomes of steps, joined by `&&`, holds. */
export function holds(condition: string, outcomes: Readonly<Record<string, string>>): boolean {
  return condition.split(" && ").every((part) => {
    if (part === "always()") return true;
    const [, id = "", operator, outcome] = /^steps\.(\w+)\.outcome (==|!=) '(\w+)'$/.exec(part) ?? [];
    if (operator === undefined) throw new Error(`Cannot judge the condition "${part}".`);
    return ((outcomes[id] ?? "skipped") === outcome) === (operator === "==");
  });
}
