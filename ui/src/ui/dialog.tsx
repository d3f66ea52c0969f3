import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Icon } from "./icons";

/**
 * Dialog asks for something before the work goes on. react-aria keeps the focus
 * inside, closes on Escape and gives the focus back to where it came from.
 */
export function Dialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  /** A dialog that shows something once must not close by a stray click. */
  keep?: boolean;
  role?: "dialog" | "alertdialog";
  children: ReactNode;
}) {
  const { title, open, onClose, keep = false, role = "dialog", children } = props;
  return (
    <ModalOverlay className="scrim" isOpen={open} onOpenChange={(now) => !now && onClose()} isDismissable={!keep} isKeyboardDismissDisabled={keep}>
      <Modal className="modal">
        <AriaDialog className="dialog" role={role}>
          <div className="dialog-head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {!keep && (
              <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
                <Icon name="close" />
              </button>
            )}
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
