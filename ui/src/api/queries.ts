import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, read } from "./client";
import type { ImportOptions, ImportOutcome, OrganizationInput } from "./types";
import type { Verdict } from "@/lib/words";

/** One hook for each thing a page reads or does. Keys begin with what they are about. */

/** given leaves empty filters out of a query. */
function given<T extends Record<string, string | number>>(query: T): Partial<T> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== "")) as Partial<T>;
}

export function useToday() {
  return useQuery({ queryKey: ["today"], queryFn: ({ signal }) => read(api.GET("/today", { signal })) });
}

export function useGoals() {
  return useQuery({ queryKey: ["goals"], queryFn: async ({ signal }) => (await read(api.GET("/goals", { signal }))).items });
}

export function useGoal(id: string) {
  return useQuery({ queryKey: ["goals", id], queryFn: ({ signal }) => read(api.GET("/goals/{id}", { params: { path: { id } }, signal })) });
}

export function useChecks() {
  return useQuery({ queryKey: ["checks"], queryFn: async ({ signal }) => (await read(api.GET("/checks", { signal }))).items });
}

export function useCheck(id: string) {
  return useQuery({ queryKey: ["checks", id], queryFn: ({ signal }) => read(api.GET("/checks/{id}", { params: { path: { id } }, signal })) });
}

export function useResults(id: string, filters: { verdict: string; q: string; cursor: string; limit: number }) {
  const query = given(filters) as { verdict?: Verdict };
  return useQuery({
    queryKey: ["checks", id, "results", query],
    queryFn: ({ signal }) => read(api.GET("/checks/{id}/results", { params: { path: { id }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useResult(id: string, resource: string) {
  return useQuery({
    queryKey: ["checks", id, "results", resource],
    queryFn: ({ signal }) => read(api.GET("/checks/{id}/results/{resource}", { params: { path: { id, resource } }, signal })),
  });
}

export interface ResourceFilters {
  q: string;
  sort: string;
  cursor: string;
  check: string;
  verdict: string;
  asset: string;
  limit: number;
  filters: { attribute: string; value: string }[];
}

/** How the address spells a filter for resources without the attribute. */
export const unknownValue = "~";

export function useResources(kind: string, { filters, ...rest }: ResourceFilters) {
  const query = {
    ...(given(rest) as { verdict?: Verdict }),
    ...(filters.length > 0 ? { filter: filters.map((one) => `${one.attribute}:${one.value === unknownValue ? "" : one.value}`) } : {}),
  };
  return useQuery({
    queryKey: ["resources", kind, query],
    queryFn: ({ signal }) => read(api.GET("/resources/{kind}", { params: { path: { kind }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useResource(kind: string, id: string, enabled = true) {
  return useQuery({
    queryKey: ["resources", kind, "one", id],
    queryFn: ({ signal }) => read(api.GET("/resources/{kind}/{id}", { params: { path: { kind, id } }, signal })),
    enabled,
  });
}

export function useSearch(q: string) {
  return useQuery({
    queryKey: ["search", q],
    queryFn: ({ signal }) => read(api.GET("/search", { params: { query: { q, limit: 14 } }, signal })),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
}

export function useAssessments(enabled: boolean) {
  return useQuery({
    queryKey: ["assessments"],
    queryFn: ({ signal }) => read(api.GET("/assessments", { params: { query: { limit: 200 } }, signal })),
    enabled,
  });
}

export function useAssess() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => read(api.POST("/assessments")),
    onSuccess: (job) => client.setQueryData(["job"], job),
  });
}

export function useImports(query: { cursor: string; limit: number }) {
  return useQuery({
    queryKey: ["imports", query],
    queryFn: ({ signal }) => read(api.GET("/imports", { params: { query: given(query) }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useImport(id: string) {
  return useQuery({
    queryKey: ["imports", "one", id],
    queryFn: ({ signal }) => read(api.GET("/imports/{id}", { params: { path: { id } }, signal })),
  });
}

export function useFormats() {
  return useQuery({
    queryKey: ["formats"],
    queryFn: async ({ signal }) => (await read(api.GET("/imports/formats", { signal }))).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface FileToImport {
  file: File;
  dryRun: boolean;
  options: ImportOptions;
}

export function useImportFile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, dryRun, options }: FileToImport): Promise<ImportOutcome> =>
      read(
        api.POST("/imports", {
          params: { query: dryRun ? { dry_run: true } : {} },
          body: { options, file: file as unknown as string },
          // The server reads the form as it arrives, so what says how comes before the file.
          bodySerializer: () => {
            const form = new FormData();
            form.append("options", JSON.stringify(options));
            form.append("file", file, file.name);
            return form;
          },
        }),
      ),
    onSuccess: (outcome) => {
      if (outcome.dry_run) return;
      if (outcome.job) client.setQueryData(["job"], outcome.job);
      void client.invalidateQueries({ queryKey: ["imports"] });
    },
  });
}

export function useParameters() {
  return useQuery({ queryKey: ["parameters"], queryFn: async ({ signal }) => (await read(api.GET("/parameters", { signal }))).items });
}

export function usePutParameter() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { check: string; name: string; value: unknown; reason: string }) => read(api.PUT("/parameters", { body })),
    onSuccess: () => client.invalidateQueries(),
  });
}

export function useOrganization() {
  return useQuery({ queryKey: ["organization"], queryFn: ({ signal }) => read(api.GET("/organization", { signal })) });
}

export function useChangeOrganization() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: OrganizationInput) => read(api.PATCH("/organization", { body })),
    onSuccess: () => client.invalidateQueries(),
  });
}

export function usePresets() {
  return useQuery({
    queryKey: ["presets"],
    queryFn: async ({ signal }) => (await read(api.GET("/organizations/presets", { signal }))).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useHospitals(q: string) {
  return useQuery({
    queryKey: ["hospitals", q],
    queryFn: async ({ signal }) => (await read(api.GET("/organizations/hospitals", { params: { query: { q } }, signal }))).items,
    enabled: q.length >= 2,
    placeholderData: keepPreviousData,
  });
}

export function useUsers() {
  return useQuery({ queryKey: ["users"], queryFn: async ({ signal }) => (await read(api.GET("/users", { signal }))).items });
}

export function useInvite() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; email: string; role: "administrator" | "analyst" | "auditor" | "executive" }) =>
      read(api.POST("/users", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
}

export function useChangeUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; role?: "administrator" | "analyst" | "auditor" | "executive"; disabled?: boolean }) =>
      read(api.PATCH("/users/{id}", { params: { path: { id } }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
}

export function useRenewLink() {
  return useMutation({ mutationFn: (id: string) => read(api.POST("/users/{id}/link", { params: { path: { id } } })) });
}

export function useTokens() {
  return useQuery({ queryKey: ["tokens"], queryFn: async ({ signal }) => (await read(api.GET("/tokens", { signal }))).items });
}

export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { name: string; role: "administrator" | "analyst" | "auditor" | "executive"; days: number }) =>
      read(api.POST("/tokens", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => read(api.DELETE("/tokens/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useAudit(query: { q: string; action: string; cursor: string; limit: number }) {
  return useQuery({
    queryKey: ["audit", query],
    queryFn: ({ signal }) => read(api.GET("/audit", { params: { query: given(query) }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useLedger() {
  return useQuery({ queryKey: ["ledger"], queryFn: ({ signal }) => read(api.GET("/ledger", { signal })) });
}

export function useCheckLedger() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => read(api.POST("/ledger/check")),
    onSuccess: () => client.invalidateQueries({ queryKey: ["ledger"] }),
  });
}
