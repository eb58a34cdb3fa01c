import { WebTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-web";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { FetchInstrumentation } from "@opentelemetry/instrumentation-fetch";
import { DocumentLoadInstrumentation } from "@opentelemetry/instrumentation-document-load";
import { resourceFromAttributes } from "@opentelemetry/resources";

const session = sessionStorage.hxi || (sessionStorage.hxi = crypto.randomUUID());
const exporter = new OTLPTraceExporter({
  url: "https://ingest.example" + "/v1/traces",
  headers: { "X-GoSight-Key": "gs_…" },
});
new WebTracerProvider({
  resource: resourceFromAttributes({ "session.id": session }),
  spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1000 })],
}).register();
registerInstrumentations({
  instrumentations: [new DocumentLoadInstrumentation(), new FetchInstrumentation()],
});
