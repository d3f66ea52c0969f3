import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, read } from "./client";
import { sessionKey } from "./session";
import type { OrganizationInput } from "./types";

/** useLink asks what a set-up link is for: the first run, or an invited user. */
export function useLink(link: string) {
  return useQuery({
    queryKey: ["link", link],
    queryFn: () => read(api.POST("/setup/check", { body: { link } })),
    enabled: link !== "",
    retry: false,
  });
}

export interface Person {
  link: string;
  name: string;
  email?: string;
  password: string;
  organization?: OrganizationInput;
}

export function useSetUp() {
  return useMutation({ mutationFn: (body: Person) => read(api.POST("/setup", { body })) });
}

export function useConfirm() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { link: string; code: string }) => read(api.POST("/setup/confirm", { body })),
    onSuccess: (confirmed) => {
      client.setQueryData(sessionKey, confirmed.session);
      if (confirmed.job) client.setQueryData(["job"], confirmed.job);
    },
  });
}
