//! The page: gets the model, then answers every change of the form with an estimate computed right here.

import { RideDesk } from "./desk.ts";
import { element, setText } from "./elements.ts";
import { codeOf, showNoModel } from "./no-model.ts";
import { keepPage } from "./offline.ts";
import { ModelWatch } from "./watch.ts";
import { loadModel } from "./weights.ts";

const loading = element("loading", HTMLElement);
const noModel = element("no-model", HTMLElement);
const result = element("result", HTMLElement);

/** Whether a model is being loaded or is there: a second "Try again" must not start a second load. */
let isBusy = false;

async function start(isRetry: boolean): Promise<void> {
  if (isBusy) {
    return;
  }
  isBusy = true;
  noModel.hidden = true;
  loading.hidden = false;
  try {
    let watch: ModelWatch | undefined;
    const model = await loadModel({
      onStage: (stage) => setText(element("loading-stage", HTMLElement), stage),
      onChange: () => watch?.change(),
    });
    loading.hidden = true;
    result.hidden = false;
    const desk = new RideDesk(model);
    desk.open();
    watch = new ModelWatch(model, desk);
    focusAfterRetry(element("pu", HTMLElement));
    // Last: what the rider waits for comes first.
    void keepPage();
  } catch (error) {
    // The console keeps what the page says, for whoever is asked to help.
    console.warn(`curbside: no model: ${codeOf(error)}: ${String(error)}`);
    loading.hidden = true;
    result.hidden = true;
    focusAfterRetry(showNoModel(noModel, error, () => void start(true)));
    isBusy = false;
  }

  /** The button that was pressed is gone; whoever pressed it must not be left at the top of the page. */
  function focusAfterRetry(target: HTMLElement): void {
    if (isRetry && document.activeElement === document.body) {
      target.focus();
    }
  }
}

addEventListener("online", () => void start(true));
void start(false);
