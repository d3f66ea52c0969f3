import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import type { SessionState } from "@/api/types";
import { Sidebar } from "./nav";

/** Drawer is the menu where there is no room for it beside the page. */
export default function Drawer({ session, onClose }: { session: SessionState; onClose: () => void }) {
  return (
    <ModalOverlay className="scrim" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="drawer">
        <Dialog aria-label="Menu">
          <Sidebar session={session} onNavigate={onClose} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
