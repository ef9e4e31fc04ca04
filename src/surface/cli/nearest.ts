export { nearest } from "../../model/nearest.ts";
