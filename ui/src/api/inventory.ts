import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, read } from "./client";
import type { AssetEdit, AssetView, DecisionInput, DiscoveryScope } from "./types";

/** What the pages about the inventory and its flaws read and do. */

export function useInventory() {
  return useQuery({ queryKey: ["inventory"], queryFn: ({ signal }) => read(api.GET("/inventory", { signal })) });
}

export function useVulnerabilities() {
  return useQuery({ queryKey: ["vulnerabilities"], queryFn: ({ signal }) => read(api.GET("/vulnerabilities", { signal })) });
}

export function useFlaw(id: string) {
  return useQuery({
    queryKey: ["vulnerabilities", id],
    queryFn: ({ signal }) => read(api.GET("/vulnerabilities/{id}", { params: { path: { id } }, signal })),
    enabled: id !== "",
  });
}

export function useFlawWhy(id: string, asset: string, enabled: boolean) {
  return useQuery({
    queryKey: ["vulnerabilities", id, "why", asset],
    queryFn: ({ signal }) => read(api.GET("/vulnerabilities/{id}/why", { params: { path: { id }, query: asset ? { asset } : {} }, signal })),
    enabled,
  });
}

export function useDecisions() {
  return useQuery({ queryKey: ["decisions"], queryFn: async ({ signal }) => (await read(api.GET("/decisions", { signal }))).items });
}

/** useAfter has everything read anew after a change: one decision moves many figures. */
function useAfter() {
  const client = useQueryClient();
  return () => void client.invalidateQueries();
}

export function useDecide() {
  const after = useAfter();
  return useMutation({ mutationFn: (body: DecisionInput) => read(api.POST("/decisions", { body })), onSuccess: after });
}

export function useEndDecision() {
  const after = useAfter();
  return useMutation({ mutationFn: (id: string) => read(api.DELETE("/decisions/{id}", { params: { path: { id } } })), onSuccess: after });
}

export function useModels(q: string) {
  return useQuery({
    queryKey: ["models", q],
    queryFn: async ({ signal }) => (await read(api.GET("/devices/models", { params: { query: q ? { q } : {} }, signal }))).items,
    placeholderData: keepPreviousData,
  });
}

export function useModel(id: string) {
  return useQuery({ queryKey: ["models", "one", id], queryFn: ({ signal }) => read(api.GET("/devices/models/{id}", { params: { path: { id } }, signal })) });
}

export function useFeeds() {
  return useQuery({ queryKey: ["feeds"], queryFn: ({ signal }) => read(api.GET("/feeds", { signal })) });
}

export function useBringFeed() {
  const after = useAfter();
  return useMutation({
    mutationFn: (file: File) =>
      read(
        api.POST("/feeds", {
          // The body is the file itself, not JSON.
          body: file as unknown as string,
          bodySerializer: (body) => body as unknown as BodyInit,
          headers: { "Content-Type": "application/octet-stream" },
        }),
      ),
    onSuccess: after,
  });
}

export function useTrustKey() {
  const after = useAfter();
  return useMutation({ mutationFn: (key: string) => read(api.POST("/feeds/keys", { body: { key } })), onSuccess: after });
}

export function useAssetHistory(id: string) {
  return useQuery({
    queryKey: ["inventory", id, "history"],
    queryFn: ({ signal }) => read(api.GET("/inventory/assets/{id}/history", { params: { path: { id } }, signal })),
  });
}

export function useAssetSoftware(id: string, filters: { q: string; verdict: string; cursor: string; limit: number }) {
  const query = Object.fromEntries(Object.entries(filters).filter(([, v]) => v !== "")) as {
    verdict?: "affected" | "not_affected" | "not_assessed";
  };
  return useQuery({
    queryKey: ["inventory", id, "software", query],
    queryFn: ({ signal }) => read(api.GET("/inventory/assets/{id}/software", { params: { path: { id }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function sbomURL(id: string, format: "cyclonedx" | "spdx"): string {
  return `/api/v1/inventory/assets/${encodeURIComponent(id)}/sbom?format=${format}`;
}

export function useEditAssets() {
  const after = useAfter();
  return useMutation({ mutationFn: (body: AssetEdit) => read(api.PATCH("/inventory/assets", { body })), onSuccess: after });
}

export function useQuestions() {
  return useQuery({ queryKey: ["inventory", "questions"], queryFn: async ({ signal }) => (await read(api.GET("/inventory/questions", { signal }))).items });
}

export function useAnswer() {
  const after = useAfter();
  return useMutation({
    mutationFn: ({ id, same, reason }: { id: string; same: boolean; reason: string }) =>
      read(api.POST("/inventory/questions/{id}", { params: { path: { id } }, body: { same, ...(reason ? { reason } : {}) } })),
    onSuccess: after,
  });
}

export function useUndoMerge() {
  const after = useAfter();
  return useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      read(api.POST("/inventory/merges/{id}/undo", { params: { path: { id } }, body: { reason } })),
    onSuccess: after,
  });
}

export function useViews() {
  return useQuery({ queryKey: ["inventory", "views"], queryFn: async ({ signal }) => (await read(api.GET("/inventory/views", { signal }))).items });
}

export function usePutView() {
  const after = useAfter();
  return useMutation({ mutationFn: (body: AssetView) => read(api.PUT("/inventory/views", { body })), onSuccess: after });
}

export function useDeleteView() {
  const after = useAfter();
  return useMutation({ mutationFn: (name: string) => read(api.DELETE("/inventory/views/{name}", { params: { path: { name } } })), onSuccess: after });
}

export function useScopes() {
  return useQuery({ queryKey: ["discovery", "scopes"], queryFn: async ({ signal }) => (await read(api.GET("/discovery/scopes", { signal }))).items });
}

export function usePutScope() {
  const after = useAfter();
  return useMutation({ mutationFn: (body: DiscoveryScope) => read(api.PUT("/discovery/scopes", { body })), onSuccess: after });
}

export function useDeleteScope() {
  const after = useAfter();
  return useMutation({ mutationFn: (name: string) => read(api.DELETE("/discovery/scopes/{name}", { params: { path: { name } } })), onSuccess: after });
}

export function useDiscover() {
  const after = useAfter();
  return useMutation({ mutationFn: (name: string) => read(api.POST("/discovery/scopes/{name}/runs", { params: { path: { name } } })), onSuccess: after });
}

export function useRuns() {
  return useQuery({
    queryKey: ["discovery", "runs"],
    queryFn: async ({ signal }) => (await read(api.GET("/discovery/runs", { signal }))).items,
    refetchInterval: (query) => (query.state.data?.some((run) => run.state === "running") ? 1000 : false),
  });
}
