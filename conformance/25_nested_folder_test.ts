import { ruleTest } from "../tests/support/rule_test.ts";

ruleTest(25);
