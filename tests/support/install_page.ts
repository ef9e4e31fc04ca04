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
  readonly command: string;
  /** Whether it runs only after a step that failed. */
  readonly afterFailure: boolean;
}

/** The commands of a workflow of one job, in their order. */
export function workflowSteps(workflow: string): WorkflowStep[] {
  const steps = workflow.split(/^ +- /m).slice(1);
  return steps.flatMap((step) => {
    const [, command] = /^ *run: (.*)$/m.exec(step) ?? [];
    return command === undefined ? [] : [{ command, afterFailure: /^ *if: failure\(\)$/m.test(step) }];
  });
}
